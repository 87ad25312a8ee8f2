// Plays how a cell grew in a diagram, stage by stage, in the frame of the last one.
import { calm } from "../lib/dom.js";

const STAGE_MS = 620;

export class GrowthPlayer {
  stages = [];
  timer = 0;
  index = 0;

  /**
   * @param {import("./diagram.js").Diagram} diagram
   * @param {(index: number, stages: any[]) => void} onStage after each stage that was drawn
   */
  constructor(diagram, onStage = () => {}) {
    this.diagram = diagram;
    this.onStage = onStage;
  }

  /** Take the stages of a growth; draws nothing yet. */
  load(stages) {
    this.stop();
    this.stages = stages;
    this.index = this.stages.length - 1;
  }

  /** @param quiet nothing is marked as new: the reader comes to what has been there */
  show(index, { quiet = false } = {}) {
    this.index = Math.max(0, Math.min(index, this.stages.length - 1));
    const { cell, changed } = this.stages[this.index];
    this.diagram.show(cell, {
      changed: quiet ? new Set() : changed,
      within: this.stages.at(-1).cell,
    });
    this.onStage(this.index, this.stages);
  }

  /** The end; what an ancestor has changed is not new. */
  showOwn() {
    this.show(this.stages.length - 1, { quiet: !this.stages.at(-1)?.own });
  }

  get playing() {
    return Boolean(this.timer);
  }

  /** What the trial itself has changed, in the cell of its parent. */
  playOwn() {
    const first = this.stages.findIndex(({ own }) => own);
    if (first < 0) this.showOwn();
    else this.play(Math.max(0, first - 1));
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
