// Cards of the trials that grow now. A card stays in its place: the next trial takes over the slot
// of one that has ended, so nothing on the page moves.
import { controlOf, gainOf, roleName } from "../domain/control.js";
import { percent, percentWithUnit, plural, remaining } from "../domain/format.js";
import { endedBecause } from "../domain/ended.js";
import { isFinal } from "../domain/feed.js";
import { growthOf, lineOf, moveOf, sitesOf, startCellOf, stepWords } from "../domain/lineage.js";
import { byId, element, refill, setAttributes, setText, svg } from "../lib/dom.js";
import { Diagram } from "./diagram.js";
import { GrowthPlayer } from "./growth.js";

const MOST = 8;
const isActive = ({ state }) => state === "running" || state === "queued";

export function growingView(trialUrl) {
  const row = byId("growing");
  const waiting = byId("growing-waiting");
  const slots = [];
  const startCard = makeCard();
  let first = true;

  return ({ search, trials, sites, log }) => {
    const active = [...trials.values()].filter(isActive).slice(0, MOST);
    const training = search.start_accuracy == null && search.state === "running";
    seat(slots, active, (card) => row.append(card.node));
    for (const slot of slots) {
      const trial = trials.get(slot.number);
      const context = { trialUrl, trials, sites, control: controlOf(trials)?.mean, play: !first };
      if (trial) showTrial(slot.card, trial, search, context);
    }
    if (training) row.prepend(startCard.node);
    else startCard.node.remove();
    if (training) showStart(startCard, search);
    waiting.hidden = Boolean(slots.length || training);
    if (!waiting.hidden) setText(waiting, waitsFor(search, endedBecause({ search, trials, log })));
    waiting.classList.toggle("small", isFinal(search.state));
    first = false;
  };
}

/** Give each active trial a slot: its own, one whose trial has ended, or a new one. */
function seat(slots, active, add) {
  const seated = new Set(slots.map(({ number }) => number));
  const numbers = new Set(active.map(({ number }) => number));
  for (const { number } of active) {
    if (seated.has(number)) continue;
    let slot = slots.find((one) => !numbers.has(one.number));
    if (!slot) {
      slot = { card: makeCard() };
      slots.push(slot);
      add(slot.card);
    }
    slot.number = number;
    seated.add(number);
  }
}

function makeCard() {
  const part = (name, attributes = {}, ...children) => element(name, attributes, ...children);
  const card = {
    name: part("a"),
    place: part("span"),
    move: part("p", { class: "move", hidden: true }),
    canvas: part("div", { class: "canvas" }),
    says: part("div", { class: "says" }),
    spark: svg("svg", { class: "spark", viewBox: "0 0 84 24", "aria-hidden": "true" }),
    progress: part("progress", { max: 1, value: 0 }),
    diagram: new Diagram(),
  };
  card.player = new GrowthPlayer(card.diagram);
  card.canvas.append(card.diagram.node);
  card.node = part(
    "article",
    { class: "card trial" },
    part("h3", {}, card.name, card.place),
    card.move,
    card.canvas,
    part("div", { class: "foot-line" }, card.says, card.spark),
    card.progress,
  );
  return card;
}

function showTrial(card, trial, search, context) {
  if (card.shown !== trial.number) drawTrial(card, trial, search, context);
  card.node.dataset.state = trial.state;
  setText(card.place, placeText(trial));
  refill(
    card.says,
    `${search.state}${trial.state}${trial.curve?.length}${trial.epoch}${trial.accuracy}${trial.failure}`,
    () => says(trial, search, context.control),
  );
  card.progress.value = trial.state === "completed" ? 1 : share(trial);
  setAttributes(card.progress, { "aria-label": `Trial ${trial.number}: epochs` });
  drawSpark(card.spark, trial.curve ?? [], trial.epochs, search.start_accuracy);
}

function drawTrial(card, trial, search, { trialUrl, trials, sites, play }) {
  card.shown = trial.number;
  setText(
    card.name,
    [`Trial ${trial.number}`, roleName(trial)?.toLowerCase()].filter(Boolean).join(", "),
  );
  card.name.href = trialUrl(trial.number);
  const move = moveOf(trial);
  card.move.hidden = !move;
  setText(
    card.move,
    [move, trial.role !== "confirmation" && stepWords(trial)].filter(Boolean).join(": "),
  );
  const line = lineOf(trial, (number) => trials.get(number));
  card.diagram.sites = sitesOf(sites, trial, line);
  card.player.load(growthOf(trial, line, startCellOf(search.config)));
  if (play && trial.fresh) card.player.playOwn();
  else card.player.showOwn();
}

function showStart(card, search) {
  const progress = search.start_progress;
  card.node.dataset.state = "running";
  setText(card.name, "Start network");
  setText(
    card.place,
    progress?.eta_seconds == null ? "begins" : `${remaining(progress.eta_seconds)} left`,
  );
  if (!card.shown) card.diagram.show(startCellOf(search.config));
  card.shown = true;
  setText(
    card.says,
    progress
      ? `${percentWithUnit(progress.accuracy)} after epoch ${progress.epoch}${ofRounds(progress, search)}`
      : "Prepares its images",
  );
  setAttributes(card.progress, { "aria-label": "Start network: epochs" });
  card.progress.value = progress ? progress.epoch / progress.epochs : 0;
}

/** The last round is known only when it has ended. */
function ofRounds({ epoch, epochs }, { config }) {
  const [length, most] = [config?.start_recipe?.epochs, config?.start_rounds?.max_rounds ?? 1];
  if (!length || most < 2) return ` of ${epochs}`;
  return ` · round ${Math.ceil(epoch / length)} of at most ${most}`;
}

function placeText({ state, worker, eta_seconds: eta, interrupted }) {
  if (state === "running")
    return [worker, eta == null ? "" : `${remaining(eta)} left`].filter(Boolean).join(" · ");
  if (state === "queued") return interrupted ? "interrupted" : "queued";
  return state;
}

function says(trial, search, control) {
  const { state, curve = [], epochs, accuracy, failure } = trial;
  if (state === "failed") return element("span", { class: "reason" }, failure || "Failed");
  if (state === "completed") {
    const { text } = gainOf(accuracy, { control });
    return [element("b", {}, percentWithUnit(accuracy)), text && ` · ${text}`];
  }
  if (trial.delay) return trial.delay;
  if (trial.interrupted) return "Its worker was lost. It is tried again.";
  if (state === "queued")
    return search.state === "paused" ? "Begins when the search is resumed" : "Waits for a worker";
  if (state === "cancelled") return "Cancelled";
  if (!curve.length) return trial.step ? `Epoch 1 of ${epochs ?? "…"}` : "Inherits its weights";
  return [
    element("b", {}, `${percent(curve.at(-1))} %`),
    ` after ${epochs ? `epoch ${curve.length} of ${epochs}` : plural(curve.length, "epoch")}`,
  ];
}

function share({ epoch = 0, epochs, step = 0, steps, curve = [] }) {
  if (!epochs) return 0;
  const within = steps && epoch > curve.length ? Math.min(1, step / steps) : 0;
  return Math.min(1, (curve.length + within) / epochs);
}

function drawSpark(node, curve, epochs, start) {
  const key = `${curve.length}:${curve.at(-1)}:${start}`;
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  const values = start == null ? curve : [...curve, start];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value) => 21 - 18 * ((value - low) / (high - low || 1));
  const x = (index) => 1 + (82 * index) / Math.max(1, (epochs || curve.length) - 1);
  const d = curve
    .map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  node.replaceChildren(
    ...[
      start != null && curve.length && svg("line", { x1: 0, x2: 84, y1: y(start), y2: y(start) }),
      curve.length > 1 && svg("path", { d }),
      curve.length === 1 && svg("circle", { cx: x(0), cy: y(curve[0]), r: 1.8 }),
    ].filter(Boolean),
  );
}

function waitsFor(
  { state, trials_completed: done, comparing, comparison_failure: failure },
  because,
) {
  if (state === "queued") return "Waits for a worker to begin with the start network.";
  if (state === "paused") return "Paused. Resume the search to go on exactly here.";
  if (state === "running")
    return comparing
      ? "The winner, the control and the start network meet the test images."
      : "The next trials are being proposed.";
  const fault = failure ? ` The test images could not be looked at: ${failure}` : "";
  if (because) return `Nothing grows, the search has ended: ${because}.${fault}`;
  return done ? "Nothing grows: the search has ended." : "The search ended before a trial grew.";
}
