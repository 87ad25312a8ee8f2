// A checkpoint's exports: one row a kind, asked for every second while something is being built.
import { byKind, datasetLabel, differenceText, filesText, isActive, milliseconds } from "../domain/exports.js";
import { stateName } from "../domain/format.js";
import { fileSize } from "../domain/upload.js";
import { getJson, postJson, request } from "../lib/api.js";
import { element, refill, setText, withUnit } from "../lib/dom.js";
import { follow } from "../lib/refresh.js";

const ASK_MS = 1_000;

/** @returns {{onChange: (listener) => void, build: (kind) => Promise<void>}} */
export function exportsPanel(place, { checkpoint, canEdit }) {
  const url = `/api/v1/checkpoints/${checkpoint}/exports/`;
  const [list, error] = [place.querySelector("ul"), place.querySelector("[role=alert]")];
  const listeners = [];
  const dataset = canEdit ? comparisonChoice(place.querySelector("[data-compare]"), url) : () => undefined;

  async function act(method, path, body) {
    setText(error, "");
    try {
      await (method === "POST" ? postJson(`${url}${path}`, body) : request(method, `${url}${path}`));
    } catch (fault) {
      setText(error, fault.message);
    }
    await ask();
  }
  const acts = {
    build: (kind) => act("POST", "", { kind, dataset: dataset() }),
    cancel: (kind) => act("POST", `${kind}/cancel/`),
    remove: (kind) => act("DELETE", `${kind}/`),
  };

  function draw(rows) {
    list.removeAttribute("aria-busy");
    for (const { kind, label, use, row } of byKind(rows)) {
      let item = list.querySelector(`[data-kind="${kind}"]`);
      if (!item) list.append((item = element("li", { dataset: { kind } })));
      refill(item, JSON.stringify(row), () => parts({ kind, label, use, row, url, canEdit, acts }));
    }
    list.querySelector(".loading")?.remove();
    for (const listener of listeners) listener(rows);
    return rows.some(isActive);
  }

  const ask = follow(() => getJson(url), draw, { everyMs: ASK_MS });
  return {
    onChange: (listener) => listeners.push(listener),
    build: acts.build,
  };
}

/**
 * On whose images exports are compared, where the checkpoint has no data set of its own.
 *
 * @returns {() => string | undefined} what was chosen; undefined leaves it to the server
 */
function comparisonChoice(place, url) {
  if (!place) return () => undefined;
  const choice = place.querySelector("select");
  getJson(`${url}datasets/`).then(({ datasets, chosen }) => {
    const options = datasets.map((one) => element("option", { value: one.dataset }, datasetLabel(one)));
    choice.replaceChildren(...options, element("option", { value: "" }, "Noise, no images"));
    choice.value = chosen;
    place.querySelector("[data-none]").hidden = datasets.length > 0;
    place.hidden = false;
  }, () => {}); // the server chooses the same
  return () => (place.hidden ? undefined : choice.value);
}

function parts({ kind, label, use, row, url, canEdit, acts }) {
  const state = row && row.state !== "completed" && element("span", { class: `state ${row.state}` }, shownState(row));
  return [
    element("div", { class: "export-head" },
      element("div", {}, element("h3", {}, label, " ", state), element("p", { class: "help" }, use)),
      element("div", { class: "tools" }, buttons({ kind, label, row, url, canEdit, acts }))),
    row?.state === "failed" && element("p", { class: "reason" }, row.failure),
    row?.report && row.state === "completed" && facts(row),
  ];
}

const shownState = (row) => (row.state === "running" ? "Being built" : stateName(row.state));

function buttons({ kind, label, row, url, canEdit, acts }) {
  const button = (text, action, attributes = {}) =>
    element("button", { type: "button", "aria-label": `${text} ${label}`, ...attributes, on: { click: (event) => { event.target.disabled = true; action(kind); } } }, text);
  if (row?.state === "completed") {
    return [canEdit && button("Delete", acts.remove, { class: "danger" }),
      element("a", { class: "button primary", href: `${url}${kind}/download/`, "aria-label": `Download ${label}` }, "Download")];
  }
  if (!canEdit) return row ? [] : [element("span", { class: "help" }, "not built")];
  if (isActive(row)) return [button("Cancel", acts.cancel)];
  return [button(row ? "Build again" : "Build", acts.build)];
}

function facts({ report, bytes, sha256, dataset_name: dataset }) {
  const pair = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];
  const time = (seconds) => withUnit(milliseconds(seconds), "ms");
  return element("dl", { class: "facts" },
    pair("Size", fileSize(bytes), " ", element("small", {}, filesText(report))),
    pair("Difference", differenceText(report, dataset), " ", element("small", {}, "largest change of a logit, as a share of the logits’ scale")),
    report.latency_1 != null && pair("Latency", time(report.latency_1), " for one image, ", time(report.latency_64), " for a batch of 64 ", element("small", {}, report.device)),
    pair("SHA-256", element("code", {}, sha256), report.files.length > 1 && element("small", {}, " of SHA256SUMS in the zip")));
}
