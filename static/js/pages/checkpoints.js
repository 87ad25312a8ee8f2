// The list of checkpoints: draws each network beside its notation. The page works without it.
import { parseCell } from "../domain/notation.js";
import { glyph } from "../views/diagram.js";

for (const place of document.querySelectorAll("[data-notation]")) {
  const cell = parseCell(place.dataset.notation);
  if (cell) place.prepend(glyph(cell));
}
