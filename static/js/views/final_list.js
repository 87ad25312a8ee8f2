// Final trainings as rows.
import {
  counted,
  duration,
  percent,
  plural,
  shortCount,
  stateName,
  whole,
} from "../domain/format.js";
import { element, refill, setText } from "../lib/dom.js";
import { keptRows } from "../lib/kept_rows.js";
import { figure, since } from "./row_parts.js";

export function finalList(list) {
  return keptRows(list, makeRow, update);
}

function makeRow({ id }) {
  const row = {
    link: element("a", { href: `/final-trainings/${id}/` }),
    about: element("p", { class: "about" }),
    state: element("span"),
    accuracy: element("div", { class: "figure accuracy" }),
    epochs: element("div", { class: "figure" }),
    network: element("div", { class: "figure size" }),
    time: element("div", { class: "figure time" }),
    progress: element("progress", { max: 1, value: 0, "aria-label": "Epochs" }),
  };
  row.node = element(
    "li",
    { class: "card search-row", dataset: { id } },
    element("div", { class: "what" }, element("h2", {}, row.link, row.state), row.about),
    row.accuracy,
    row.epochs,
    row.network,
    row.time,
    row.progress,
  );
  return row;
}

const REQUESTED = { pause: "Pausing", cancel: "Cancelling" };

function update(row, training) {
  const {
    name,
    state,
    requested,
    search_name: search,
    trial,
    family,
    dataset,
    can,
    owner,
    epochs,
    epochs_done: done,
  } = training;
  setText(row.link, name);
  row.state.className = `state ${state}`;
  setText(row.state, REQUESTED[requested] ?? stateName(state));
  const what = trial == null ? "start network" : `trial ${trial}`;
  setText(
    row.about,
    [`${search}, ${what}`, family, dataset, can.edit ? "" : `shared by ${owner}`]
      .filter(Boolean)
      .join(" · "),
  );
  refill(
    row.accuracy,
    `${training.test_accuracy} ${training.accuracy} ${training.failure} ${state}`,
    () => accuracy(training),
  );
  refill(row.epochs, `${done}/${epochs} ${state}`, () =>
    figure(
      whole(done),
      `of ${plural(epochs, "epoch")}`,
      state === "queued" ? "waits for a worker" : "",
    ),
  );
  const [size, unit] = counted(training.parameters);
  refill(row.network, size + unit, () =>
    figure(
      size,
      `${unit} parameters`.trim(),
      `${shortCount(training.multiply_adds)} multiply-adds`,
    ),
  );
  const time = training.elapsed_seconds >= 1 ? duration(Math.round(training.elapsed_seconds)) : "–";
  refill(row.time, time, () => [
    element("p", { class: "number" }, time),
    element("p", { class: "note" }, since(training)),
  ]);
  Object.assign(row.progress, { max: Math.max(1, epochs), value: done });
}

function accuracy({ test_accuracy: tested, failure, state }) {
  if (tested != null) return figure(percent(tested), "%", "test accuracy");
  if (failure && (state === "failed" || state === "paused"))
    return element("p", { class: "reason" }, failure);
  return figure("–", "", "test images come at the end");
}
