// The best network so far: its diagram, how it grew, and its facts.
import { notation } from "../domain/cell.js";
import { plural, withNoiseText } from "../domain/format.js";
import { cellOf } from "../domain/notation.js";
import { isFinal } from "../domain/feed.js";
import { growthOf, lineOf, moveOf, sitesOf, startCellOf } from "../domain/lineage.js";
import { byId, setText } from "../lib/dom.js";
import { Diagram } from "./diagram.js";
import { fillFilm, markFilm } from "./film.js";
import { GrowthPlayer } from "./growth.js";

export function bestView(trialUrl) {
  const [card, canvas, film, caption, text] = [
    "best",
    "best-canvas",
    "best-film",
    "best-caption",
    "best-notation",
  ].map(byId);
  const [play, open, fully] = ["best-play", "best-open", "best-final"].map(byId);
  const diagram = new Diagram({ explored: true });
  const player = new GrowthPlayer(diagram, (index) => markFilm(film, index));
  let [drawn, known] = [null, null];

  play.addEventListener("click", () => player.play());

  const draw = (trial, line, search, quiet) => {
    if (!diagram.node.isConnected) canvas.replaceChildren(diagram.node);
    player.load(growthOf(trial, line, startCellOf(search.config)));
    fillFilm(film, player.stages, (index) => {
      player.stop();
      player.show(index);
    });
    if (quiet) player.show(player.stages.length - 1, { quiet: true });
    else player.play(Math.max(0, player.stages.length - 3));
    const steps = plural(trial.transformations?.length ?? 0, "transformation");
    const grown = trial.move
      ? `${moveOf(trial).toLowerCase()}, ${plural(line.ancestors.length + 1, "step")} from the start`
      : `grown in ${steps}`;
    const reached = withNoiseText(trial.accuracy, search.validation_images);
    setText(caption, `trial ${trial.number}, ${reached} · ${grown}`);
    setText(text, notation(cellOf(trial)));
    open.href = trialUrl(trial.number);
    fully.href = `${trialUrl(trial.number)}final/new/`;
    for (const node of [open, text]) node.hidden = false;
    play.hidden = player.stages.length < 2;
  };

  // Until a trial has been completed the start network is the best.
  const drawStart = ({ start_accuracy: start, validation_images: images, config }) => {
    if (!diagram.node.isConnected) canvas.replaceChildren(diagram.node);
    const cell = startCellOf(config);
    diagram.show(cell);
    setText(caption, `the start network, ${withNoiseText(start, images)}`);
    setText(text, notation(cell));
    text.hidden = false;
  };

  return ({ search, trials, sites }) => {
    const trial = trials.get(search.best_trial);
    if (!trial || !cellOf(trial)) {
      card.dataset.empty = "";
      diagram.sites = sites;
      if (search.start_accuracy != null) drawStart(search);
      else setText(canvas.querySelector(".waiting"), waitsFor(search));
      return;
    }
    delete card.dataset.empty;
    fully.hidden = !search.can.edit;
    const line = lineOf(trial, (number) => trials.get(number));
    diagram.sites = sitesOf(sites, trial, line);
    if (trial.number === drawn && line.ancestors.length === known) return;
    draw(trial, line, search, drawn === null || drawn === trial.number);
    [drawn, known] = [trial.number, line.ancestors.length];
  };
}

const waitsFor = ({ state }) =>
  isFinal(state)
    ? "No network was trained."
    : "Waits for the start network; its first child comes after it.";
