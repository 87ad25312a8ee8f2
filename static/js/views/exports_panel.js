// A checkpoint's exports: one row a kind, asked for every second while something is being built.
import { byKind, differenceText, filesText, isActive, milliseconds } from "../domain/exports.js";
import { stateName } from "../domain/format.js";
import { fileSize } from "../domain/upload.js";
import { getJson, postJson, request } from "../lib/api.js";
import { element, refill, setText, withUnit } from "../lib/dom.js";

const ASK_MS = 1_000;

/** @returns {{onChange: (listener) => void, build: (kind) => Promise<void>}} */
export function exportsPanel(place, { checkpoint, canEdit }) {
  const url = `/api/v1/checkpoints/${checkpoint}/exports/`;
  const [list, error] = [place.querySelector("ul"), place.querySelector("[role=alert]")];
  const listeners = [];
  let [rows, timer] = [[], 0];

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
    build: (kind) => act("POST", "", { kind }),
    cancel: (kind) => act("POST", `${kind}/cancel/`),
    remove: (kind) => act("DELETE", `${kind}/`),
  };

  async function ask() {
    clearTimeout(timer);
    try {
      rows = await getJson(url);
      if (error.dataset.lost !== undefined) setText(error, "");
      delete error.dataset.lost;
    } catch (fault) {
      error.dataset.lost = "";
      setText(error, `${fault.message} Trying again…`);
      timer = setTimeout(ask, ASK_MS);
      return;
    }
    draw();
    if (rows.some(isActive)) timer = setTimeout(ask, ASK_MS);
  }

  function draw() {
    list.removeAttribute("aria-busy");
    for (const { kind, label, use, row } of byKind(rows)) {
      let item = list.querySelector(`[data-kind="${kind}"]`);
      if (!item) list.append((item = element("li", { dataset: { kind } })));
      refill(item, JSON.stringify(row), () => parts({ kind, label, use, row, url, canEdit, acts }));
    }
    list.querySelector(".loading")?.remove();
    for (const listener of listeners) listener(rows);
  }

  ask();
  return {
    onChange: (listener) => listeners.push(listener),
    build: acts.build,
  };
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

function facts({ report, bytes, sha256 }) {
  const pair = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];
  const time = (seconds) => withUnit(milliseconds(seconds), "ms");
  return element("dl", { class: "facts" },
    pair("Size", fileSize(bytes), " ", element("small", {}, filesText(report))),
    pair("Difference", differenceText(report), " ", element("small", {}, "largest change of a logit, as a share of the logits’ scale")),
    report.latency_1 != null && pair("Latency", time(report.latency_1), " for one image, ", time(report.latency_64), " for a batch of 64 ", element("small", {}, report.device)),
    pair("SHA-256", element("code", {}, sha256), report.files.length > 1 && element("small", {}, " of SHA256SUMS in the zip")));
}
