// The page of a checkpoint: its network, its exports, and trying it.
import { parseCell } from "../domain/notation.js";
import { byId, pageJson } from "../lib/dom.js";
import { followState } from "../lib/follow_state.js";
import { connectionView } from "../views/connection.js";
import { Diagram } from "../views/diagram.js";
import { exportsPanel } from "../views/exports_panel.js";
import { measurementView } from "../views/measurement.js";
import { tryIt } from "../views/try_it.js";

const { checkpoint, dataset, can_edit: canEdit, live } = pageJson("page-state");

function drawNetwork() {
  const [cell, diagram] = [checkpoint.cell ?? parseCell(checkpoint.notation), new Diagram()];
  if (!cell) return;
  diagram.show(cell);
  byId("network").replaceChildren(diagram.node);
}

drawNetwork();
const panel = exportsPanel(byId("exports"), {
  checkpoint: checkpoint.id,
  offered: checkpoint.exports,
  canEdit,
});
const views = [panel.draw, measurementView(byId("measurement"), { checkpoint: checkpoint.id })];
if (byId("try"))
  views.push(tryIt(byId("try"), { checkpoint, dataset, canEdit, build: panel.build }));

followState(`checkpoints/${checkpoint.id}`, {
  state: live,
  show: (state) => views.forEach((view) => view(state)),
  onConnection: connectionView(),
});
