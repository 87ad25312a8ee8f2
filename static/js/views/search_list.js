// Searches as rows that keep their place; a row is made once and then only its texts change.
import { counted, duration, percent, plural, points, shortTime, dateTime, stateName, whole } from "../domain/format.js";
import { element, refill, setText } from "../lib/dom.js";

export function searchList(list) {
  const rows = new Map();
  return (searches) => {
    for (const search of searches) {
      let row = rows.get(search.id);
      if (!row) {
        rows.set(search.id, (row = makeRow(search)));
        const after = searches.find(({ id }) => id < search.id && rows.get(id)?.node.isConnected);
        list.insertBefore(row.node, after ? rows.get(after.id).node : null);
      }
      update(row, search);
    }
    const known = new Set(searches.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (known.has(id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    list.toggleAttribute("data-empty", !searches.length);
  };
}

function makeRow({ id }) {
  const row = {
    link: element("a", { href: `/searches/${id}/` }), about: element("p", { class: "about" }), state: element("span"),
    accuracy: element("div", { class: "figure accuracy" }), trials: element("div", { class: "figure trials" }),
    network: element("div", { class: "figure size" }), time: element("div", { class: "figure time" }),
    progress: element("progress", { max: 1, value: 0, "aria-label": "Trials" }),
  };
  row.node = element("li", { class: "card search-row", dataset: { id } },
    element("div", { class: "what" }, element("h2", {}, row.link, row.state), row.about),
    row.accuracy, row.trials, row.network, row.time, row.progress);
  return row;
}

const figure = (number, unit, note) => [
  element("p", { class: "number" }, number, " ", element("small", {}, unit)), element("p", { class: "note" }, note),
];

function update(row, search) {
  const { name, state, owner, dataset, strategy, can, start_accuracy: start, best_accuracy: best } = search;
  setText(row.link, name);
  row.state.className = `state ${state}`;
  setText(row.state, search.requested === "pause" ? "Pausing" : stateName(state));
  setText(row.about, [dataset, strategy, can.edit ? "" : `shared by ${owner}`].filter(Boolean).join(" · "));
  refill(row.accuracy, `${best}${start}${state}`, () => accuracy(search));
  const ended = search.trials_completed + search.trials_failed;
  refill(row.trials, `${ended}/${search.max_trials} ${search.trials_running} ${search.trials_failed}`, () =>
    figure(whole(ended), `of ${plural(search.max_trials, "trial")}`,
      [search.trials_running && `${search.trials_running} running`, search.trials_failed && `${search.trials_failed} failed`]
        .filter(Boolean).join(" · ")));
  const [size, unit] = counted(search.start_parameters);
  refill(row.network, size + unit, () => figure(size, unit || size !== "–" ? `${unit} parameters`.trim() : "", "start network"));
  const time = search.elapsed_seconds >= 1 ? duration(Math.round(search.elapsed_seconds)) : "–";
  refill(row.time, time, () => [
    element("p", { class: "number" }, time),
    element("p", { class: "note" }, element("time", { datetime: search.created_at, title: dateTime(search.created_at) }, shortTime(search.created_at))),
  ]);
  Object.assign(row.progress, { max: Math.max(1, search.max_trials), value: ended });
}

function accuracy({ best_accuracy: best, start_accuracy: start, start_progress: training, state, failure }) {
  if (best != null) {
    return figure(percent(best), "%", start == null ? "" : `${points(best - start)} points ${best < start ? "against" : "over"} the start`);
  }
  if (state === "failed") return element("p", { class: "reason" }, failure);
  if (start != null) return figure(percent(start), "%", "start network");
  const note = training ? `start network, epoch ${training.epoch} of ${training.epochs}` : waits(state);
  return figure("–", "", note);
}

const waits = (state) =>
  ({ queued: "waits for a worker", running: "the start network is trained first" }[state] ?? "no accuracy");
