// Plays how a cell grew in a diagram, stage by stage, in the frame of the last one.
import { growthStages, startCell } from "../domain/cell.js";
import { cellOf } from "../domain/notation.js";
import { calm } from "../lib/dom.js";

const STAGE_MS = 620;

export class GrowthPlayer {
  /** @param onStage (index, stages) after each stage that was drawn */
  constructor(diagram, onStage = () => {}) {
    Object.assign(this, { diagram, onStage, stages: [], timer: 0, index: 0 });
  }

  /** Take a trial; draws nothing yet. */
  load(trial, startEdge) {
    this.stop();
    this.stages = stagesOf(trial, startEdge);
    this.index = this.stages.length - 1;
  }

  /** @param quiet nothing is marked as new: the reader comes to what has been there */
  show(index, { quiet = false } = {}) {
    this.index = Math.max(0, Math.min(index, this.stages.length - 1));
    const { cell, changed } = this.stages[this.index];
    this.diagram.show(cell, { changed: quiet ? new Set() : changed, within: this.stages.at(-1).cell });
    this.onStage(this.index, this.stages);
  }

  get playing() {
    return Boolean(this.timer);
  }

  /** From a stage to the last; at once where the reader wants no motion. */
  play(from = 0) {
    this.stop();
    if (calm()) {
      this.show(this.stages.length - 1);
      return;
    }
    const next = (index) => {
      const last = index >= this.stages.length - 1;
      this.timer = last ? 0 : setTimeout(() => next(index + 1), STAGE_MS);
      this.show(index);
    };
    next(from);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}

/** Stages from the start cell; of a cell whose transformations are not known only the end. */
export function stagesOf(trial, startEdge) {
  const { transformations } = trial;
  const cell = cellOf(trial);
  const stages = growthStages(startCell(startEdge), transformations ?? []);
  if (transformations?.length) return stages;
  return cell ? [{ step: 0, cell, changed: new Set(), transformation: null }] : stages;
}
