// The answer first: best accuracy, how far, how long still, how fast, how large.
import {
  counted,
  duration,
  percent,
  plural,
  points,
  remainingRange,
  shortCount,
  stateName,
  whole,
  withNoise,
  withNoiseText,
} from "../domain/format.js";
import { controlOf, gainOf, isChild } from "../domain/control.js";
import { elapsed, isFinal } from "../domain/feed.js";
import { completed, speed, timeLeft } from "../domain/stats.js";
import { byId, element, refill, setText, withUnit } from "../lib/dom.js";

/** @param now () -> milliseconds, of the server's clock as well as it is known */
export function headerView(trialUrl, now) {
  let last = null;
  const draw = ({ search, trials, partial, comparison }) => {
    last = { search, list: [...trials.values()], partial };
    title(search);
    best(search, trials, trialUrl, {
      gain: comparison?.gain,
      control: controlOf(trials)?.mean,
    });
    heldUp(search);
    undertrained(search);
    counts(search);
    time(last, now());
    pace(last);
    network(search, trials);
  };
  // Between events only the clock goes on.
  setInterval(() => last?.search.state === "running" && time(last, now()), 1000);
  return draw;
}

const fill = (id, key, make) => refill(byId(id), String(key), make);

const REQUESTED = { pause: "Pausing", stop: "Stopping", cancel: "Cancelling" };

function title({ name, state, requested, best_accuracy: accuracy, validation_images: images }) {
  setText(byId("search-name"), name);
  const word = (!isFinal(state) && REQUESTED[requested]) || stateName(state);
  fill("search-state", state + word, () => word);
  byId("search-state").className = `state ${state}`;
  const lead = accuracy == null ? stateName(state) : withNoiseText(accuracy, images);
  document.title = `${lead} · ${name} · Espalier`;
}

function mostAccurate(trials) {
  const ended = completed([...trials.values()].filter(isChild));
  return ended.length ? ended.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)) : null;
}

/** What the search judges by: of its best trial, and of its start network. */
function judged(search, trials) {
  const { best_accuracy: accuracy, best_trial: trial, start_accuracy: start } = search;
  const balanced = trials.get(trial)?.balanced_accuracy;
  if (search.config?.measure !== "balanced_accuracy" || (trial && balanced == null))
    return { name: "accuracy", accuracy, start, images: search.validation_images };
  return {
    name: "balanced accuracy",
    accuracy: balanced ?? null,
    start: search.start_balanced_accuracy,
  };
}

function best(search, trials, trialUrl, against) {
  const { best_trial: trial, best_accuracy: plain } = search;
  const { failure, state, config } = search;
  const { name, accuracy, start, images } = judged(search, trials);
  const most = mostAccurate(trials);
  // Where more than the accuracy counts, another trial than the best may be the most accurate.
  const other = most && most.accuracy - plain > 5e-5 ? most : null;
  const ofBest = name.replace(/^./, (letter) => letter.toUpperCase());
  setText(
    byId("best-title"),
    config?.objective?.length ? `${ofBest} of the best trial` : `Best ${name}`,
  );
  const [number, unit] = withNoise(accuracy, images);
  const { text: gain, ahead } = gainOf(plain, against);
  fill("best-accuracy", number + unit, () => withUnit(number, unit));
  fill("best-note", `${accuracy} ${start} ${gain} ${trial} ${failure} ${other?.number}`, () => {
    if (state === "failed") return element("span", { class: "reason" }, failure);
    if (accuracy == null)
      return start == null
        ? "No network is trained yet"
        : `Start network ${withNoiseText(start, images)}`;
    return [
      gain && `${gain} · `,
      element("a", { href: trialUrl(trial) }, `trial ${trial}`),
      other && ` · most accurate: ${percent(other.accuracy)} %, `,
      other && element("a", { href: trialUrl(other.number) }, `trial ${other.number}`),
    ];
  });
  byId("best-note").classList.toggle("up", ahead);
}

/** What has paused it, where that was not its user. */
function heldUp({ state, failure }) {
  byId("held-up").hidden = state !== "paused" || !failure;
  setText(byId("held-up"), `Paused: ${failure}`);
}

/** Only where it was measured that more training would still pay. */
function undertrained({ start_saturated: saturated, start_last_gain: gain }) {
  byId("undertrained").hidden = saturated !== false;
  if (saturated === false)
    setText(
      byId("undertrained"),
      `The start network was still learning: its last round of training gained ${points(gain)} points. ` +
        "Growing an undertrained network only costs time: allow it more rounds.",
    );
}

function counts({
  trials_completed: done,
  trials_failed: failed,
  trials_running: running,
  max_trials: most,
}) {
  const ended = done + failed;
  fill("trials-count", `${ended}/${most}`, () => withUnit(whole(ended), `of ${whole(most)}`));
  setText(
    byId("trials-note"),
    [`${running} running`, failed ? `${failed} failed` : ""].filter(Boolean).join(" · "),
  );
  const progress = byId("trials-progress");
  Object.assign(progress, { max: Math.max(1, most), value: Math.min(ended, most) });
}

/** What the server reckoned, while the page has not all trials to reckon from. */
const forecast = ({ eta_seconds: range }) => range && { low: range[0], high: range[1] };

function time({ search, list, partial }, now) {
  const seconds = Math.floor(elapsed(search, now));
  const soFar = seconds
    ? `${seconds < 10 ? `${seconds} s` : duration(seconds)} so far`
    : "not started";
  if (isFinal(search.state)) {
    setText(byId("time-title"), "Time taken");
    fill("time-left", search.elapsed_seconds, () => parts(duration(elapsed(search, now))));
    setText(
      byId("time-note"),
      [stateName(search.state), meanTime(list)].filter(Boolean).join(" · "),
    );
    return;
  }
  setText(byId("time-title"), "Time left");
  const left =
    search.start_accuracy == null ? null : partial ? forecast(search) : timeLeft(search, list);
  const [from, to] = left ? remainingRange(left.low, left.high) : ["–", ""];
  fill("time-left", from + to, () => [...parts(from), to && " ", to && element("small", {}, to)]);
  setText(
    byId("time-note"),
    ["running", "queued"].includes(search.state)
      ? soFar
      : `${soFar}, ${stateName(search.state).toLowerCase()}`,
  );
}

function meanTime(trials) {
  const times = trials.map(({ seconds }) => seconds).filter((seconds) => seconds > 0);
  return times.length && `${duration(times.reduce((a, b) => a + b) / times.length)} a trial`;
}

/** "2 h 40 min": numbers large, the last unit small. */
function parts(text) {
  const [, lead, unit] = /^(.*?)[\s\u202f]?(\D*)$/.exec(text) ?? [null, text, ""];
  return unit.trim() && lead ? withUnit(lead, unit) : [text];
}

function pace({ search, list }) {
  const { imagesPerSecond, workers } = speed(search, list);
  const runs = imagesPerSecond > 0 && search.state === "running";
  fill("speed", runs ? Math.round(imagesPerSecond) : "", () =>
    withUnit(runs ? whole(imagesPerSecond) : "–", runs ? "images/s" : ""),
  );
  setText(byId("speed-note"), speedNote(search, workers, runs));
}

function speedNote({ state, start_accuracy: start }, workers, runs) {
  if (isFinal(state) || state === "paused") return "nothing runs";
  if (workers) return `on ${plural(workers, "worker")}`;
  if (runs) return start == null ? "training the start network" : "";
  return "waits for a worker";
}

function network(
  { best_trial: number, start_parameters: size, start_multiply_adds: work, start_accuracy: start },
  trials,
) {
  const trial = trials.get(number);
  const parameters = trial?.parameters ?? size;
  const adds = trial?.multiply_adds ?? work;
  setText(byId("network-title"), trial || start == null ? "Best network" : "Start network");
  fill("network", parameters ?? "", () => {
    const [count, unit] = counted(parameters);
    return withUnit(count, parameters == null ? "" : `${unit} parameters`.trim());
  });
  byId("network").title = parameters == null ? "" : `${whole(parameters)} parameters`;
  const from = trial && size != null ? ` · start network ${shortCount(size)} parameters` : "";
  setText(
    byId("network-note"),
    adds == null ? "no size is known yet" : `${shortCount(adds)} multiply-adds${from}`,
  );
}
