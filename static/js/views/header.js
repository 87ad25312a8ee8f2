// The answer first: best accuracy, how far, how long still, how fast, how large.
import {
  counted, duration, percent, plural, points, remainingRange, shortCount, stateName, whole,
} from "../domain/format.js";
import { elapsed, isFinal } from "../domain/reducer.js";
import { speed, timeLeft } from "../domain/stats.js";
import { byId, element, refill, setText, withUnit } from "../lib/dom.js";

/** @param now () -> milliseconds, of the server's clock as well as it is known */
export function headerView(trialUrl, now) {
  let last = null;
  const draw = ({ search, trials, partial }) => {
    last = { search, list: [...trials.values()], partial };
    title(search);
    best(search, trialUrl);
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

function title({ name, state, requested, best_accuracy: accuracy }) {
  setText(byId("search-name"), name);
  const word = (!isFinal(state) && REQUESTED[requested]) || stateName(state);
  fill("search-state", state + word, () => word);
  byId("search-state").className = `state ${state}`;
  const lead = accuracy == null ? stateName(state) : `${percent(accuracy)} %`;
  document.title = `${lead} · ${name} · Espalier`;
}

function best({ best_accuracy: accuracy, best_trial: trial, start_accuracy: start, failure, state }, trialUrl) {
  fill("best-accuracy", accuracy, () => withUnit(percent(accuracy), accuracy == null ? "" : "%"));
  fill("best-note", `${accuracy} ${start} ${trial} ${failure}`, () => {
    if (state === "failed") return element("span", { class: "reason" }, failure);
    if (accuracy == null) return start == null ? "No network is trained yet" : `Start network ${percent(start)} %`;
    const gain = start == null ? "" : `${points(accuracy - start)} points ${accuracy < start ? "against" : "over"} the start network · `;
    return [gain, element("a", { href: trialUrl(trial) }, `trial ${trial}`)];
  });
  byId("best-note").classList.toggle("up", accuracy != null && accuracy >= (start ?? 0));
}

function counts({ trials_completed: done, trials_failed: failed, trials_running: running, max_trials: most }) {
  const ended = done + failed;
  fill("trials-count", `${ended}/${most}`, () => withUnit(whole(ended), `of ${whole(most)}`));
  setText(byId("trials-note"), [`${running} running`, failed ? `${failed} failed` : ""].filter(Boolean).join(" · "));
  const progress = byId("trials-progress");
  Object.assign(progress, { max: Math.max(1, most), value: Math.min(ended, most) });
}

/** What the server reckoned, while the page has not all trials to reckon from. */
const forecast = ({ eta_seconds: range }) => range && { low: range[0], high: range[1] };

function time({ search, list, partial }, now) {
  const seconds = Math.floor(elapsed(search, now));
  const soFar = seconds ? `${seconds < 10 ? `${seconds} s` : duration(seconds)} so far` : "not started";
  if (isFinal(search.state)) {
    setText(byId("time-title"), "Time taken");
    fill("time-left", search.elapsed_seconds, () => parts(duration(elapsed(search, now))));
    setText(byId("time-note"), stateName(search.state));
    return;
  }
  setText(byId("time-title"), "Time left");
  const left = search.start_accuracy == null ? null : partial ? forecast(search) : timeLeft(search, list);
  const [from, to] = left ? remainingRange(left.low, left.high) : ["–", ""];
  fill("time-left", from + to, () => [...parts(from), to && " ", to && element("small", {}, to)]);
  setText(byId("time-note"), ["running", "queued"].includes(search.state) ? soFar : `${soFar}, ${stateName(search.state).toLowerCase()}`);
}

/** "2 h 40 min": numbers large, the last unit small. */
function parts(text) {
  const [, lead, unit] = /^(.*?)[\s\u202f]?(\D*)$/.exec(text) ?? [null, text, ""];
  return unit.trim() && lead ? withUnit(lead, unit) : [text];
}

function pace({ search, list }) {
  const { imagesPerSecond, workers } = speed(search, list);
  const runs = imagesPerSecond > 0 && search.state === "running";
  fill("speed", runs ? Math.round(imagesPerSecond) : "", () => withUnit(runs ? whole(imagesPerSecond) : "–", runs ? "images/s" : ""));
  setText(byId("speed-note"), speedNote(search, workers, runs));
}

function speedNote({ state, start_accuracy: start }, workers, runs) {
  if (isFinal(state) || state === "paused") return "nothing runs";
  if (workers) return `on ${plural(workers, "worker")}`;
  if (runs) return start == null ? "training the start network" : "";
  return "waits for a worker";
}

function network({ best_trial: number, start_parameters: size, start_multiply_adds: work, start_accuracy: start }, trials) {
  const trial = trials.get(number);
  const parameters = trial?.parameters ?? size;
  const adds = trial?.multiply_adds ?? work;
  setText(byId("network-title"), trial || start == null ? "Best network" : "Start network");
  fill("network", parameters ?? "", () => {
    const [count, unit] = counted(parameters);
    return withUnit(count, parameters == null ? "" : `${unit} parameters`.trim());
  });
  setText(byId("network-note"), adds == null ? "no size is known yet" : `${shortCount(adds)} multiply-adds`);
}
