// Searches as rows.
import {
  duration,
  percent,
  plural,
  remainingRange,
  stateName,
  whole,
  withNoise,
} from "../domain/format.js";
import { gainOf } from "../domain/control.js";
import { parseCell } from "../domain/notation.js";
import { historyPath } from "../domain/sparkline.js";
import { element, refill, setText, svg } from "../lib/dom.js";
import { keptRows } from "../lib/kept_rows.js";
import { tagItem } from "./about.js";
import { glyph } from "./diagram.js";
import { figure, since } from "./row_parts.js";

export function searchList(list) {
  const show = keptRows(list, makeRow, update);
  return (searches) => {
    show(searches);
    list.toggleAttribute("data-empty", !searches.length);
  };
}

function makeRow({ id }) {
  const row = {
    link: element("a", { href: `/searches/${id}/` }),
    about: element("p", { class: "about" }),
    state: element("span"),
    accuracy: element("div", { class: "figure accuracy" }),
    trials: element("div", { class: "figure trials" }),
    network: element("div", { class: "figure size" }),
    time: element("div", { class: "figure time" }),
    tags: element("ul", { class: "tags", "aria-label": "Tags" }),
    spark: element("div", { class: "figure history" }),
    progress: element("progress", { max: 1, value: 0, "aria-label": "Trials" }),
  };
  row.node = element(
    "li",
    { class: "card search-row", dataset: { id } },
    element("div", { class: "what" }, element("h2", {}, row.link, row.state), row.about, row.tags),
    row.accuracy,
    row.spark,
    row.trials,
    row.network,
    row.time,
    row.progress,
  );
  return row;
}

function update(row, search) {
  const {
    name,
    state,
    owner,
    dataset,
    strategy,
    can,
    tags,
    start_accuracy: start,
    best_accuracy: best,
  } = search;
  setText(row.link, name);
  row.state.className = `state ${state}`;
  setText(row.state, search.requested === "pause" ? "Pausing" : stateName(state));
  setText(
    row.about,
    [dataset, strategy, can.edit ? owner : `shared by ${owner}`].filter(Boolean).join(" · "),
  );
  refill(row.tags, tags.join("\n"), () => tags.map(tagItem));
  const { gain, control_accuracy: control, validation_images: images } = search;
  const { text } = gainOf(best, { gain, control });
  refill(row.accuracy, `${best}${start}${state}${images}${text}`, () => accuracy(search, text));
  const ended = search.trials_completed + search.trials_failed;
  refill(
    row.trials,
    `${ended}/${search.max_trials} ${search.trials_running} ${search.trials_failed}`,
    () =>
      figure(
        whole(ended),
        `of ${plural(search.max_trials, "trial")}`,
        [
          search.trials_running && `${search.trials_running} running`,
          search.trials_failed && `${search.trials_failed} failed`,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
  );
  refill(row.spark, `${JSON.stringify(search.best_history)}${ended}${start}`, () =>
    history(search, ended),
  );
  refill(row.network, search.best_notation + search.state, () => network(search));
  const [lead, rest, note] = times(search);
  refill(row.time, lead + rest + note, () => [
    element("p", { class: "number" }, lead, rest && " ", rest && element("small", {}, rest)),
    element("p", { class: "note" }, note, since(search)),
  ]);
  Object.assign(row.progress, { max: Math.max(1, search.max_trials), value: ended });
}

function accuracy(
  {
    best_accuracy: best,
    start_accuracy: start,
    start_progress: training,
    validation_images: images,
    state,
    failure,
  },
  gain,
) {
  if (best != null) return figure(...withNoise(best, images), gain);
  if (failure && (state === "failed" || state === "paused"))
    return element("p", { class: "reason" }, failure);
  if (start != null) return figure(...withNoise(start, images), "start network");
  const note = training
    ? `start network, epoch ${training.epoch} of ${training.epochs}`
    : waits(state);
  return figure("–", "", note);
}

const waits = (state) =>
  ({ queued: "waits for a worker", running: "the start network is trained first" })[state] ??
  "no accuracy";

/** How the best accuracy rose, over the trials that have ended; the start network's line below it. */
function history({ best_history: bests, start_accuracy: start }, ended) {
  if (!bests.length) return "";
  const { line, base } = historyPath(bests, ended, start);
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: "0 0 120 36",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `Best accuracy from ${percent(bests[0][1])} % to ${percent(bests.at(-1)[1])} %`,
    },
    base != null && svg("line", { x1: 0, x2: 120, y1: base, y2: base }),
    svg("path", { d: line }),
  );
}

function network({ best_notation: notation, ended_at: ended }) {
  const cell = notation && parseCell(notation);
  return cell
    ? glyph(cell)
    : element("p", { class: "note" }, ended ? "no better network" : "no network yet");
}

/** What is left of a search that runs, or how long it took; and since when it is there. */
function times({ state, elapsed_seconds: elapsed, eta_seconds: left }) {
  const taken = elapsed >= 1 ? duration(Math.round(elapsed)) : "–";
  if (state !== "running" || !left) return [taken, "", ""];
  const [from, to] = remainingRange(...left);
  return [from, `${to} left`.trim(), `${taken} so far · `];
}
