// The list of checkpoints: draws each network beside its notation. The page works without it.
import { parseCell } from "../domain/notation.js";
import { keepDrawnList } from "../lib/list_page.js";
import { connectionView } from "../views/connection.js";
import { glyph } from "../views/diagram.js";

function drawGlyphs() {
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll("[data-notation]");
  for (const place of places) {
    const cell = parseCell(place.dataset.notation);
    if (cell) place.prepend(glyph(cell));
    delete place.dataset.notation;
  }
}

drawGlyphs();
keepDrawnList("checkpoints", {
  parts: () => [".checkpoints > h2", ".checkpoints > .scroll"],
  whole: ".checkpoints",
  drawn: drawGlyphs,
  onConnection: connectionView(),
});
