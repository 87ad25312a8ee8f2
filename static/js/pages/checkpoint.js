// The page of a checkpoint: its network, its exports, and trying it.
import { parseCell } from "../domain/notation.js";
import { byId, pageJson } from "../lib/dom.js";
import { Diagram } from "../views/diagram.js";
import { exportsPanel } from "../views/exports_panel.js";
import { measurementView } from "../views/measurement.js";
import { tryIt } from "../views/try_it.js";

const { checkpoint, dataset, can_edit: canEdit } = pageJson("page-state");

function drawNetwork() {
  const [cell, diagram] = [checkpoint.cell ?? parseCell(checkpoint.notation), new Diagram()];
  if (!cell) return;
  diagram.show(cell);
  byId("network").replaceChildren(diagram.node);
}

drawNetwork();
measurementView(byId("measurement"), { checkpoint: checkpoint.id });
const panel = exportsPanel(byId("exports"), { checkpoint: checkpoint.id, canEdit });
if (byId("try")) panel.onChange(tryIt(byId("try"), { checkpoint, dataset, canEdit, build: panel.build }));
