// A trial's figures, its facts, and what can be done with it.
import {
  counted,
  dateTime,
  duration,
  percentWithUnit,
  plural,
  remaining,
  shortCount,
  stateName,
  withNoise,
} from "../domain/format.js";
import { gainOf, isChild } from "../domain/control.js";
import { request } from "../lib/api.js";
import { byId, element, refill, setText, withUnit } from "../lib/dom.js";
import { shownAccuracy } from "./trial_row.js";

export function trialHead() {
  let trial = null;
  let url = "";
  const pin = byId("pin");
  const retry = byId("retry");
  pin.addEventListener("click", async () => {
    pin.disabled = true;
    await attempt(
      () => request(trial.pinned ? "DELETE" : "POST", `${url}pin/`),
      () => {
        trial.pinned = !trial.pinned;
        showPin(pin, trial);
      },
    );
    pin.disabled = false;
  });
  retry.addEventListener("click", async () => {
    retry.disabled = true;
    await attempt(
      () => request("POST", `${url}retry/`),
      () => location.reload(),
    );
    retry.disabled = false;
  });
  return (state) => {
    ({ trial } = state);
    url = `/api/v1/searches/${state.search.id}/trials/${trial.number}/`;
    figures(state);
    facts(state);
    showPin(pin, trial);
    pin.hidden = !state.can.pin;
    retry.hidden = !state.can.retry;
    const further = byId("grow-further");
    further.hidden = !state.can.grow;
    further.href = `/searches/new/?checkpoint=${state.checkpoint}`;
    byId("train-fully").hidden = !state.can.train;
    byId("trial-download").hidden = !state.can.download;
  };
}

async function attempt(send, then) {
  setText(byId("action-error"), "");
  try {
    await send();
    then();
  } catch (error) {
    setText(byId("action-error"), error.message);
  }
}

function showPin(button, { pinned }) {
  setText(button, pinned ? "Unpin" : "Pin");
  button.setAttribute("aria-pressed", pinned);
}

function figures({ trial, search }) {
  const { validation_images: images, control_accuracy: control } = search;
  const accuracy = shownAccuracy(trial);
  const [number, sign] = withNoise(accuracy, images);
  byId("trial-state").className = `state ${trial.state}`;
  setText(byId("trial-state"), stateName(trial.state));
  byId("best-badge").hidden = search.best_trial !== trial.number;
  refill(byId("accuracy-figure"), number + sign, () => withUnit(number, sign));
  refill(byId("accuracy-note"), `${accuracy}${trial.failure}`, () => {
    if (trial.failure) return element("span", { class: "reason" }, trial.failure);
    if (accuracy == null) return "Waits for its first epoch";
    const gain = isChild(trial) && gainOf(accuracy, { control }).text;
    return gain || (images ? `of ${plural(images, "validation image")}` : "");
  });
  const epochs = trial.curve?.length ?? 0;
  const most = Math.max(epochs, trial.epochs ?? search.config?.recipe?.epochs ?? 0);
  refill(byId("epochs"), `${epochs}${most}`, () =>
    withUnit(String(epochs), most ? `of ${most}` : ""),
  );
  Object.assign(byId("epochs-progress"), { max: most || Math.max(1, epochs), value: epochs });
  setText(
    byId("epochs-note"),
    trial.state === "running" && trial.eta_seconds != null
      ? `${remaining(trial.eta_seconds)} left`
      : trial.state === "completed" && most && epochs < most
        ? "stopped early"
        : "trained",
  );
  const [size, unit] = counted(trial.parameters);
  refill(byId("size"), size + unit, () => withUnit(size, unit));
  setText(byId("size-note"), difference(trial, "parameters", search.start_parameters));
  const [work, workUnit] = counted(trial.multiply_adds);
  refill(byId("work"), work + workUnit, () => withUnit(work, workUnit));
  setText(byId("work-note"), difference(trial, "multiply_adds", search.start_multiply_adds));
  setText(byId("time"), duration(trial.seconds));
  setText(
    byId("time-note"),
    trial.images_per_second
      ? `${Math.round(trial.images_per_second)} images/s`
      : "for the whole trial",
  );
}

function difference(trial, name, start) {
  const now = trial[name];
  if (now == null || start == null)
    return ["failed", "cancelled"].includes(trial.state)
      ? "not measured"
      : "known when it has ended";
  const change = now - start;
  return change
    ? `${change > 0 ? "+" : "−"}${shortCount(Math.abs(change))} to the start`
    : "as the start network";
}

function facts(state) {
  const {
    trial,
    attempt: tries,
    workers_lost: lost,
    seed,
    created_at: created,
    started_at: started,
    evaluated_at: evaluated,
    ended_at: ended,
    checkpoint,
  } = state;
  const time = (at) => (at ? element("time", { datetime: at }, dateTime(at)) : "–");
  const between = (from, to) =>
    from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "–";
  const rows = [
    ["Proposed", time(created)],
    ["Waited", between(created, started)],
    ["Started", time(started)],
    ["Evaluated in", between(started, evaluated ?? ended)],
    ["Ended", time(ended)],
    ["Worker", trial.worker || "–"],
    ["Attempt", lost ? `${tries}, after ${plural(lost, "lost worker")}` : String(tries || "–")],
    ["Seed", String(seed)],
    ["Balanced accuracy", percentWithUnit(trial.balanced_accuracy)],
    ["Reward", trial.reward == null ? "–" : trial.reward.toFixed(4)],
    [
      "Checkpoint",
      checkpoint
        ? element("a", { href: `/checkpoints/${checkpoint}/` }, "Kept: exports, details")
        : "not kept",
    ],
  ];
  refill(
    byId("facts"),
    JSON.stringify([
      created,
      started,
      evaluated,
      ended,
      trial.worker,
      tries,
      lost,
      trial.balanced_accuracy,
      trial.reward,
      checkpoint,
    ]),
    () => rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
  byId("fault").hidden = !state.traceback;
  setText(byId("traceback"), state.traceback);
}
