// The growth of a trial's network, played from the start cell; the networks that it grew from and its
// own steps in words beside it.
import { describe, notation } from "../domain/cell.js";
import { percentWithUnit, shortCount } from "../domain/format.js";
import { MOVES, growthOf, startCellOf } from "../domain/lineage.js";
import { cellOf } from "../domain/notation.js";
import { byId, element, setText } from "../lib/dom.js";
import { Diagram } from "./diagram.js";
import { fillFilm, markFilm } from "./film.js";
import { GrowthPlayer } from "./growth.js";

/** @param trialUrl (number) -> where a trial is shown */
export function growthView(trialUrl) {
  const diagram = new Diagram({ explored: true });
  const slider = byId("growth-slider");
  const film = byId("growth-film");
  const player = new GrowthPlayer(diagram, (index, stages) => {
    const { step, name } = stages[index];
    Object.assign(slider, { max: stages.length - 1, value: index });
    slider.setAttribute("aria-valuetext", name);
    setText(byId("growth-step"), name);
    markFilm(film, index);
    markSteps(step);
    setText(
      byId("growth-play"),
      player.playing && index < stages.length - 1 ? "Pause" : "Play growth",
    );
  });
  const show = (index) => {
    player.stop();
    player.show(index);
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  byId("growth-play").addEventListener("click", () => {
    if (player.playing) show(player.index);
    else player.play(player.index >= player.stages.length - 1 ? 0 : player.index);
  });
  let drawn = false;
  return ({ trial, search, line }) => {
    if (drawn || !cellOf(trial)) return;
    drawn = true;
    diagram.sites = line.sites;
    byId("growth-canvas").replaceChildren(diagram.node);
    player.load(growthOf(trial, { ...line, isWhole: true }, startCellOf(search.config)));
    const moves = player.stages.length > 1;
    for (const node of [slider, film, byId("growth-play")]) node.hidden = !moves;
    fillFilm(film, player.stages, show);
    fillLine(trial, search, line, trialUrl);
    setText(byId("growth-notation"), notation(cellOf(trial)));
    player.show(player.stages.length - 1, { quiet: true });
  };
}

/** The start network, each ancestor, and each of the trial's own steps. */
function fillLine(trial, search, { ancestors, widths }, trialUrl) {
  const own = (trial.transformations ?? []).filter(({ type }) => type !== "widen");
  const items = [
    [element("b", {}, "Start network"), facts(start(search))],
    ...ancestors.map((one) => [
      element("a", { href: trialUrl(one.number) }, `Trial ${one.number}`),
      move(one),
      facts(one),
    ]),
    ...(trial.move
      ? [
          [
            element("b", {}, `Trial ${trial.number}`),
            move(trial),
            facts(trial),
            changes(trial, own, widths),
          ],
        ]
      : own.map((transformation) => [describe(transformation)])),
  ];
  byId("lineage").replaceChildren(
    ...items.map((parts, step) => element("li", { dataset: { step } }, parts)),
  );
  byId("lineage").scrollTop = byId("lineage").scrollHeight;
}

const start = ({ start_accuracy: accuracy, start_parameters: parameters }) => ({
  accuracy,
  parameters,
});

const move = (one) => MOVES.includes(one.move) && element("span", { class: "move" }, one.move);

const facts = ({ accuracy, parameters }) =>
  element(
    "small",
    {},
    [
      accuracy != null && percentWithUnit(accuracy),
      parameters != null && `${shortCount(parameters)} parameters`,
    ]
      .filter(Boolean)
      .join(" · "),
  );

/** What the last step has changed: widths first, then layers and paths. */
function changes(trial, own, widths) {
  const items = [
    ...widths.map(({ layer, before, after }) => [
      element("code", {}, layer),
      `: ${before} → ${after}`,
    ]),
    ...own.map((one) => [describe(one)]),
  ];
  if (!items.length) return element("p", { class: "help" }, "Trained on as it is");
  return element(
    "ul",
    { class: "changes" },
    items.map((parts) => element("li", {}, parts)),
  );
}

function markSteps(now) {
  for (const item of byId("lineage").children)
    item.classList.toggle("done", Number(item.dataset.step) <= now);
}
