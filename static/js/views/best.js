// The best network so far: its diagram, how it grew, and its facts.
import { notation, startCell } from "../domain/cell.js";
import { percent, plural } from "../domain/format.js";
import { cellOf } from "../domain/notation.js";
import { isFinal } from "../domain/reducer.js";
import { byId, setText } from "../lib/dom.js";
import { Diagram } from "./diagram.js";
import { fillFilm, markFilm } from "./film.js";
import { GrowthPlayer } from "./growth.js";

export function bestView(trialUrl) {
  const [card, canvas, film, caption, text] =
    ["best", "best-canvas", "best-film", "best-caption", "best-notation"].map(byId);
  const [play, open, fully] = ["best-play", "best-open", "best-final"].map(byId);
  const diagram = new Diagram({ explored: true });
  const player = new GrowthPlayer(diagram, (index) => markFilm(film, index));
  let drawn = null;

  play.addEventListener("click", () => player.play());

  const draw = (trial, startEdge, first) => {
    if (!diagram.node.isConnected) canvas.replaceChildren(diagram.node);
    player.load(trial, startEdge);
    fillFilm(film, player.stages, (index) => {
      player.stop();
      player.show(index);
    });
    if (first) player.show(player.stages.length - 1, { quiet: true });
    else player.play(Math.max(0, player.stages.length - 3));
    setText(caption, `trial ${trial.number} · grown in ${plural(trial.transformations?.length ?? 0, "transformation")}`);
    setText(text, notation(cellOf(trial)));
    open.href = trialUrl(trial.number);
    fully.href = `${trialUrl(trial.number)}final/new/`;
    for (const node of [play, open, text]) node.hidden = false;
    drawn = trial.number;
  };

  // Until a trial has been completed the start network is the best.
  const drawStart = ({ start_accuracy: start, config }) => {
    if (!diagram.node.isConnected) canvas.replaceChildren(diagram.node);
    const cell = startCell(config?.search_space?.start_edge);
    diagram.show(cell);
    setText(caption, `the start network, ${percent(start)} %`);
    setText(text, notation(cell));
    text.hidden = false;
  };

  return ({ search, trials, sites }) => {
    diagram.sites = sites;
    const trial = trials.get(search.best_trial);
    if (!trial || !cellOf(trial)) {
      card.dataset.empty = "";
      if (search.start_accuracy != null) drawStart(search);
      else setText(canvas.querySelector(".waiting"), waitsFor(search));
      return;
    }
    delete card.dataset.empty;
    fully.hidden = !search.can.edit;
    if (trial.number !== drawn) draw(trial, search.config?.search_space?.start_edge, drawn === null);
  };
}

const waitsFor = ({ state }) =>
  isFinal(state) ? "No network was trained." : "Waits for the start network; its first child comes after it.";
