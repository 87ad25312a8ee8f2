// The film strip: glyphs of a growth, each a button that shows its stage.
import { element } from "../lib/dom.js";
import { glyph } from "./diagram.js";

const MOST = 10;

/** Which stages are shown where there are many: first and last, and evenly between. */
export function chosen(count, most = MOST) {
  if (count <= most) return Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: most }, (_, index) => Math.round((index * (count - 1)) / (most - 1)));
}

export function fillFilm(list, stages, onPick) {
  const items = chosen(stages.length).map((index) => {
    const { name, caption, cell, changed } = stages[index];
    const button = element(
      "button",
      {
        type: "button",
        dataset: { stage: index },
        on: { click: () => onPick(index) },
        "aria-label": name.replace(/^./, (letter) => letter.toUpperCase()),
      },
      glyph(cell, changed),
      element("span", {}, caption),
    );
    return element("li", {}, button);
  });
  list.replaceChildren(...(items.length > 1 ? items : []));
}

export function markFilm(list, stage) {
  const buttons = [...list.querySelectorAll("button")];
  const at = buttons.findLast(({ dataset }) => Number(dataset.stage) <= stage);
  for (const button of buttons) button.setAttribute("aria-pressed", button === at);
}
