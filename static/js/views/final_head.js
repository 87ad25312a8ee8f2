// The answer first: accuracy, how far, how long still, how fast, how large.
import {
  counted,
  duration,
  percent,
  points,
  remaining,
  shortCount,
  stateName,
  whole,
} from "../domain/format.js";
import { elapsed, isFinal } from "../domain/feed.js";
import { curveOf, hasValidation } from "../domain/final_training.js";
import { byId, element, refill, setText, withUnit } from "../lib/dom.js";

const REQUESTED = { pause: "Pausing", cancel: "Cancelling" };
const WAITS = {
  preempted: "made way for others; goes on in its turn",
  stopping: "its worker was stopped; goes on with the next",
  lost: "its worker was lost; goes on with the next",
  broken: "one of its processes died; goes on",
};

/** @param now () -> milliseconds */
export function finalHead(now) {
  let last = null;
  const draw = ({ training, comparison }) => {
    last = training;
    title(training);
    accuracy(training, comparison);
    epochs(training);
    time(training, now());
    speed(training);
    size(training, comparison);
  };
  // Between events only the clock goes on.
  setInterval(() => last?.state === "running" && time(last, now()), 1000);
  return draw;
}

const fill = (id, key, make) => refill(byId(id), String(key), make);

function title({ name, state, requested, test_accuracy: tested }) {
  setText(byId("training-name"), name);
  const word = (!isFinal(state) && REQUESTED[requested]) || stateName(state);
  setText(byId("training-state"), word);
  byId("training-state").className = `state ${state}`;
  document.title = `${tested == null ? stateName(state) : `${percent(tested)} %`} · ${name} · Espalier`;
}

function accuracy(training, comparison) {
  const { test_accuracy: tested, test_balanced_accuracy: balanced } = training;
  const { failure, state, test_images: images } = training;
  const shown = tested ?? curveOf(training).findLast((value) => value != null) ?? null;
  setText(
    byId("accuracy-title"),
    tested != null
      ? "Test accuracy"
      : hasValidation(training)
        ? "Validation accuracy"
        : "Training accuracy",
  );
  fill("accuracy-figure", shown, () => withUnit(percent(shown), shown == null ? "" : "%"));
  const other = comparison?.test_accuracy;
  fill("accuracy-note", `${tested} ${balanced} ${other} ${failure} ${state}`, () => {
    if (failure) return element("span", { class: "reason" }, failure);
    if (tested == null)
      return isFinal(state) ? "no test image was looked at" : "test images come at the end";
    if (other == null)
      return `of ${whole(images)} test images${balanced == null ? "" : ` · balanced ${percent(balanced)} %`}`;
    return `${points(tested - other)} points ${tested < other ? "against" : "over"} the start network`;
  });
  byId("accuracy-note").classList.toggle("up", tested != null && other != null && tested >= other);
}

function epochs(training) {
  const { epochs: most, epochs_done: done, epoch, step, steps, state, happened } = training;
  const now = state === "running" && epoch ? Math.max(epoch, done) : done;
  fill("epochs", `${now}/${most}`, () => withUnit(whole(now), `of ${whole(most)}`));
  // Steps count over the whole training, so the bar goes on within a long epoch.
  const value = state === "running" && steps ? Math.max(step / steps, done / most) : done / most;
  Object.assign(byId("epochs-progress"), { max: 1, value });
  const note =
    state === "queued"
      ? (WAITS[happened?.payload.reason] ?? "waits for a worker")
      : [`${whole(done)} complete`, roundsText(training, now)].filter(Boolean).join(" · ");
  setText(byId("epochs-note"), note);
}

/** Of a start network: in which round it is, or why there was no further one. */
function roundsText({ state, config, max_rounds: most, last_gain: gain, saturated }, epoch) {
  if (state === "completed" && saturated != null)
    return `${saturated ? "saturated" : "still learning"}: the last round gained ${points(gain)} points`;
  if (!(most > 1) || isFinal(state)) return "";
  return `round ${Math.max(1, Math.ceil(epoch / config.recipe.epochs))} of at most ${most}`;
}

function time(training, now) {
  const { state, eta_seconds: left } = training;
  const taken = elapsed(training, now);
  const runs = state === "running";
  setText(byId("time-title"), runs ? "Time left" : "Time taken");
  const text = runs ? (left == null ? "–" : remaining(left)) : taken >= 1 ? duration(taken) : "–";
  fill("time", text, () => text);
  setText(
    byId("time-note"),
    runs
      ? `${duration(Math.floor(taken))} so far`
      : state === "queued"
        ? "not running"
        : stateName(state).toLowerCase(),
  );
}

function speed({ state, images_per_second: pace, learning_rate: rate, worker }) {
  const runs = state === "running" && pace > 0;
  fill("speed", runs ? Math.round(pace) : "", () =>
    withUnit(runs ? whole(pace) : "–", runs ? "images/s" : ""),
  );
  const parts = [
    runs && rate != null && `learning rate ${rateText(rate)}`,
    state === "running" && worker && `on ${worker}`,
  ];
  setText(byId("speed-note"), parts.filter(Boolean).join(" · ") || "nothing runs");
}

/** Three digits: 0.0953, 1.23e-5. */
export const rateText = (rate) =>
  rate >= 1e-4 || rate === 0 ? String(Number(rate.toPrecision(3))) : rate.toExponential(2);

function size({ parameters, multiply_adds: work }, comparison) {
  const [count, unit] = counted(parameters);
  fill("size", count + unit, () => withUnit(count, `${unit} parameters`.trim()));
  const more = comparison ? ` · start network ${shortCount(comparison.parameters)}` : "";
  setText(byId("size-note"), `${shortCount(work)} multiply-adds${more}`);
}
