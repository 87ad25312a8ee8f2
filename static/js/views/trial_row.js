// One row of the trial table, and what opens below it.
import { COSTS } from "../domain/costs.js";
import { roleName } from "../domain/control.js";
import {
  duration,
  percent,
  percentWithUnit,
  points,
  shortCount,
  stateName,
} from "../domain/format.js";
import { MOVES, moveOf } from "../domain/lineage.js";
import { cellOf } from "../domain/notation.js";
import { element, refill, setText } from "../lib/dom.js";
import { glyph } from "./diagram.js";

/** Columns: key, title, number or text, and what makes it sortable. */
export const COLUMNS = [
  { key: "number", title: "Trial", n: true, value: (trial) => trial.number },
  { key: "network", title: "Network" },
  { key: "move", title: "Move", wide: true, value: (trial) => rank(trial) },
  {
    key: "parent",
    title: "Parent",
    n: true,
    wide: true,
    value: (trial) => (trial.move ? trial.parent : null),
  },
  { key: "accuracy", title: "Accuracy", n: true, value: (trial) => shownAccuracy(trial) },
  {
    key: "balanced_accuracy",
    title: "Balanced",
    n: true,
    wide: true,
    value: (trial) => trial.balanced_accuracy,
  },
  {
    key: "gain",
    title: "Over control",
    n: true,
    wide: true,
    value: (trial) => shownAccuracy(trial),
  },
  {
    key: "parameters",
    title: "Parameters",
    n: true,
    wide: true,
    value: (trial) => trial.parameters,
  },
  {
    key: "multiply_adds",
    title: "Multiply-adds",
    n: true,
    wide: true,
    value: (trial) => trial.multiply_adds,
  },
  { key: "latency_1", title: "Latency", n: true, wide: true, value: (trial) => trial.latency_1 },
  { key: "memory", title: "Memory", n: true, wide: true, value: (trial) => trial.memory },
  { key: "seconds", title: "Time", n: true, wide: true, value: (trial) => trial.seconds },
  { key: "state", title: "State", value: (trial) => ORDER.indexOf(trial.state) },
];
const rank = ({ move }) => (move ? MOVES.indexOf(move) : null);
const ORDER = ["running", "queued", "completed", "failed", "cancelled"];

/** Of a running trial: after its last epoch. */
export const shownAccuracy = ({ accuracy, curve, state }) =>
  accuracy ?? (state === "running" ? curve?.at(-1) : null) ?? null;

export function makeRow(trial, toggle) {
  const cells = COLUMNS.map(({ key, n, wide }) =>
    element("td", { class: [key, n && "n", wide && "wide"].filter(Boolean).join(" ") }),
  );
  const button = element("button", {
    type: "button",
    class: "quiet expand",
    "aria-expanded": "false",
    "aria-label": `Details of trial ${trial.number}`,
    on: { click: toggle },
  });
  const node = element(
    "tr",
    { dataset: { number: trial.number } },
    element("td", { class: "opener" }, button),
    cells,
  );
  return {
    node,
    button,
    cells: Object.fromEntries(COLUMNS.map(({ key }, index) => [key, cells[index]])),
    drawn: null,
  };
}

export function updateRow(row, trial, { control, best, href, parentHref, open }) {
  row.button.setAttribute("aria-expanded", open);
  if (row.drawn === trial && row.control === control && row.best === (best === trial.number))
    return;
  Object.assign(row, { drawn: trial, control, best: best === trial.number });
  const { cells } = row;
  const accuracy = shownAccuracy(trial);
  row.node.classList.toggle("is-best", row.best);
  refill(cells.number, href, () => element("a", { href }, String(trial.number)));
  refill(cells.network, trial.notation, () => (cellOf(trial) ? glyph(cellOf(trial)) : ""));
  refill(cells.accuracy, String(accuracy), () =>
    accuracy == null ? "–" : [element("b", {}, percent(accuracy)), " %"],
  );
  setText(cells.move, trial.move || "–");
  refill(cells.parent, `${trial.move}${trial.parent}`, () => {
    if (!trial.move) return "–";
    return trial.parent ? element("a", { href: parentHref }, String(trial.parent)) : "start";
  });
  setText(
    cells.balanced_accuracy,
    trial.balanced_accuracy == null ? "–" : percentWithUnit(trial.balanced_accuracy),
  );
  setText(cells.gain, accuracy == null || control == null ? "–" : points(accuracy - control));
  setText(cells.parameters, shortCount(trial.parameters));
  setText(cells.multiply_adds, shortCount(trial.multiply_adds));
  for (const key of ["latency_1", "memory"])
    setText(cells[key], trial[key] == null ? "–" : COSTS[key].tick(trial[key]));
  setText(cells.seconds, duration(trial.seconds));
  // A worker that is free takes it at once: the interruption must not pass unseen.
  const again = trial.again && trial.state === "running";
  const word = trial.interrupted ? "Interrupted" : again ? "Running again" : stateName(trial.state);
  refill(cells.state, `${word}${trial.pinned}${row.best}`, () => [
    element("span", { class: `state ${trial.state}` }, element("span", {}, word)),
    row.best && element("span", { class: "badge completed" }, "Best"),
    roleName(trial) && element("span", { class: "badge" }, roleName(trial)),
    trial.pinned && element("span", { class: "badge" }, "Pinned"),
  ]);
}

/** What opens below a row: the network in one line, how it went, and the way to its page. */
export function makeDetail(trial, context) {
  const { href, columns, control } = context;
  const more = element("div", { class: "more-of-it" });
  import("./row_detail.js").then(({ fillDetail }) => fillDetail(more, trial, context));
  const accuracy = shownAccuracy(trial);
  const facts = [
    trial.interrupted ? "Interrupted" : stateName(trial.state),
    moveOf(trial),
    accuracy != null &&
      `${percentWithUnit(accuracy)}${
        control == null ? "" : ` (${points(accuracy - control)} points over the control)`
      }`,
    trial.parameters && `${shortCount(trial.parameters)} parameters`,
    trial.multiply_adds && `${shortCount(trial.multiply_adds)} multiply-adds`,
    ...["latency_1", "latency_64", "memory"].map(
      (key) => trial[key] && COSTS[key].text(trial[key]),
    ),
    trial.seconds && duration(trial.seconds),
    trial.worker,
  ]
    .filter(Boolean)
    .join(" · ");
  return element(
    "tr",
    { class: "detail" },
    element(
      "td",
      { colspan: columns },
      element(
        "div",
        { class: "detail-box" },
        element("p", { class: "facts-line" }, facts),
        trial.failure ? element("p", { class: "reason" }, trial.failure) : null,
        element("code", {}, trial.notation),
        element(
          "div",
          { class: "detail-foot" },
          !href.startsWith("#") &&
            element("a", { class: "button", href }, `Open trial ${trial.number}`),
          more,
        ),
      ),
    ),
  );
}
