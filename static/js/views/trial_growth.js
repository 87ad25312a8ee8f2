// The growth of a trial's network, played from the start cell; its steps in words beside it.
import { describe, growthSteps, notation, startCell } from "../domain/cell.js";
import { plural } from "../domain/format.js";
import { cellOf } from "../domain/notation.js";
import { byId, element, setText } from "../lib/dom.js";
import { Diagram } from "./diagram.js";
import { fillFilm, markFilm } from "./film.js";
import { GrowthPlayer } from "./growth.js";

export function growthView() {
  const diagram = new Diagram({ explored: true });
  const slider = byId("growth-slider");
  const film = byId("growth-film");
  const player = new GrowthPlayer(diagram, (index, stages) => {
    const { step } = stages[index];
    Object.assign(slider, { max: stages.length - 1, value: index });
    slider.setAttribute("aria-valuetext", step ? `after ${plural(step, "transformation")}` : "start cell");
    setText(byId("growth-step"), step ? `after ${plural(step, "transformation")}` : "start cell");
    markFilm(film, index);
    markSteps(step);
    setText(byId("growth-play"), player.playing && index < stages.length - 1 ? "Pause" : "Play growth");
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
  return ({ trial, search, sites }) => {
    if (drawn || !cellOf(trial)) return;
    drawn = true;
    diagram.sites = sites;
    const edge = search.config?.search_space?.start_edge;
    byId("growth-canvas").replaceChildren(diagram.node);
    player.load(trial, edge);
    fillFilm(film, player.stages, show);
    fillSteps(trial, edge);
    setText(byId("growth-notation"), notation(cellOf(trial)));
    player.show(player.stages.length - 1, { quiet: true });
  };
}

function fillSteps({ transformations }, edge) {
  const steps = growthSteps(startCell(edge), transformations ?? []).slice(1);
  byId("lineage").replaceChildren(
    element("li", { dataset: { step: 0 } }, "Start cell: one convolution, with the start network's weights"),
    ...steps.map(({ step, transformation }) => element("li", { dataset: { step } }, describe(transformation))));
}

function markSteps(now) {
  for (const item of byId("lineage").children) item.classList.toggle("done", Number(item.dataset.step) <= now);
}
