// A checkpoint's exports as a table: sizes, latencies and outputs of each form, and what may be done.
import {
  asked,
  byForm,
  datasetLabel,
  differenceText,
  filesText,
  isActive,
  milliseconds,
  outputsText,
} from "../domain/exports.js";
import { stateName } from "../domain/format.js";
import { fileSize } from "../domain/upload.js";
import { getJson, postJson, request } from "../lib/api.js";
import { element, refill, setText, withUnit } from "../lib/dom.js";

/** @returns {{draw: ({exports, can}) => void, build: (name) => Promise<void>}} */
export function exportsPanel(place, { checkpoint, offered, canEdit }) {
  const url = `/api/v1/checkpoints/${checkpoint}/exports/`;
  const [body, error] = [place.querySelector("tbody"), place.querySelector("[role=alert]")];
  const [all, opset] = [place.querySelector("[data-all]"), place.querySelector("[data-opset]")];
  const dataset = canEdit
    ? comparisonChoice(place.querySelector("[data-compare]"), url)
    : () => undefined;
  let buildable = [];

  async function act(method, path, body) {
    setText(error, "");
    try {
      await (method === "POST"
        ? postJson(`${url}${path}`, body)
        : request(method, `${url}${path}`));
    } catch (fault) {
      setText(error, fault.message);
    }
  }
  const build = (form, chosen) => act("POST", "", { ...asked(form, chosen), dataset: dataset() });
  const acts = {
    build: (form) => build(form, Number(opset?.value) || undefined),
    cancel: ({ name }) => act("POST", `${name}/cancel/`),
    remove: ({ name }) => act("DELETE", `${name}/`),
  };
  all?.addEventListener("click", async () => {
    all.disabled = true;
    for (const form of buildable) await build(form);
    all.disabled = false;
  });

  function draw({ exports: rows, can }) {
    body.removeAttribute("aria-busy");
    const forms = byForm(rows, offered);
    buildable = forms.filter(({ name }) => can.exports[name]?.build);
    if (all) all.hidden = !buildable.length;
    const lines = forms.map((form) => {
      const line =
        body.querySelector(`[data-form="${form.name}"]`) ??
        element("tr", { dataset: { form: form.name } });
      const may = can.exports[form.name];
      refill(line, JSON.stringify([form.row, may]), () => cells(form, { url, may, acts }));
      return line;
    });
    const old = [...body.children];
    if (lines.length !== old.length || lines.some((line, at) => line !== old[at]))
      body.replaceChildren(...lines);
    const device = rows.find(({ report, state }) => report && state === "completed")?.report.device;
    setText(place.querySelector("[data-device]"), device ? `Latencies are of ${device}.` : "");
  }

  return { draw, build: (name) => build(offered.find((form) => form.name === name)) };
}

/**
 * On whose images exports are compared, where the checkpoint has no data set of its own.
 *
 * @returns {() => string | undefined} what was chosen; undefined leaves it to the server
 */
function comparisonChoice(place, url) {
  if (!place) return () => undefined;
  const choice = place.querySelector("select");
  getJson(`${url}datasets/`).then(
    ({ datasets, chosen }) => {
      const options = datasets.map((one) =>
        element("option", { value: one.dataset }, datasetLabel(one)),
      );
      choice.replaceChildren(...options, element("option", { value: "" }, "Noise, no images"));
      choice.value = chosen;
      place.querySelector("[data-none]").hidden = datasets.length > 0;
      place.hidden = false;
    },
    () => {},
  ); // the server chooses the same
  return () => (place.hidden ? undefined : choice.value);
}

function cells(form, { url, may, acts }) {
  const { label, use, row, whyNot } = form;
  const isMissing = whyNot && !isActive(row) && row?.state !== "completed";
  const report = row?.state === "completed" ? row.report : null;
  const state =
    row &&
    row.state !== "completed" &&
    element("span", { class: `state ${row.state}` }, shownState(row));
  const tools = isMissing
    ? element("span", { class: "help" }, "not of this network")
    : buttons({ form, url, may, acts });
  const number = (label, ...value) =>
    element("td", { class: report ? "n" : "n unknown", dataset: { label } }, ...value);
  const time = (seconds) => (report ? withUnit(milliseconds(seconds), "ms") : ["–"]);
  return [
    element(
      "th",
      { scope: "row" },
      element("b", {}, label),
      " ",
      state,
      (use || whyNot) && element("p", { class: "help" }, isMissing ? whyNot : use),
      row?.state === "failed" && element("p", { class: "reason" }, row.failure),
      report && element("details", {}, element("summary", {}, "Details"), facts(row)),
    ),
    number("Size", report ? fileSize(row.bytes) : "–"),
    number("1 image", ...time(report?.latency_1)),
    number("64 images", ...time(report?.latency_64)),
    number("Outputs", ...(report ? outputs(report) : ["–"])),
    element("td", { class: "acts" }, element("div", { class: "tools" }, ...[tools].flat())),
  ];
}

function outputs(report) {
  const [text, note] = outputsText(report);
  return [text, note && element("small", {}, note)];
}

const shownState = (row) => (row.state === "running" ? "Being built" : stateName(row.state));

function buttons({ form, url, may, acts }) {
  const { name, label, row } = form;
  const button = (text, action, attributes = {}) =>
    element(
      "button",
      {
        type: "button",
        "aria-label": `${text} ${label}`,
        ...attributes,
        on: {
          click: async ({ target }) => {
            target.disabled = true;
            await action(form);
            target.disabled = false;
          },
        },
      },
      text,
    );
  if (may?.download) {
    return [
      may.delete && button("Delete", acts.remove, { class: "danger" }),
      element(
        "a",
        {
          class: "button primary",
          href: `${url}${name}/download/`,
          "aria-label": `Download ${label}`,
        },
        "Download",
      ),
    ];
  }
  if (may?.cancel) return [button("Cancel", acts.cancel)];
  if (may?.build) return [button(row ? "Build again" : "Build", acts.build)];
  return row ? [] : [element("span", { class: "help" }, "not built")];
}

function facts({ report, sha256, dataset_name: dataset }) {
  const pair = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];
  const share = report.preprocessing ? "a probability" : "a logit, as a share of the logits’ scale";
  return element(
    "dl",
    { class: "facts" },
    pair("Files", filesText(report)),
    pair(
      "Difference",
      differenceText(report, dataset),
      " ",
      element("small", {}, `largest change of ${share}`),
    ),
    report.opset != null && pair("Opset", String(report.opset)),
    pair(
      "SHA-256",
      element("code", {}, sha256),
      report.files.length > 1 && element("small", {}, " of SHA256SUMS in the zip"),
    ),
  );
}
