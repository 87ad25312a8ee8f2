// One small box of words beside the chip of a diagram that is pointed at or has the focus: its
// operation, its widths, its parameters. Loaded with the first of them.
import { branchFacts, pathWords } from "../domain/widths.js";
import { element } from "../lib/dom.js";

let box = null;
const hide = () => box && (box.hidden = true);

/** @param diagram its `cell` and `sites` are read whenever a chip is asked for @param first target */
export function explain(diagram, first) {
  const show = ({ target }) => {
    const chip = target.closest?.("g[data-key]");
    if (!chip) return;
    const { key, operation } = chip.dataset;
    const facts = diagram.sites && branchFacts(diagram.cell, diagram.sites).get(key);
    const words = pathWords(operation, facts);
    if (diagram.explored) chip.setAttribute("aria-label", words);
    showBeside(chip, words);
  };
  for (const name of ["pointerover", "focusin"]) diagram.node.addEventListener(name, show);
  for (const name of ["pointerout", "focusout"]) diagram.node.addEventListener(name, hide);
  show({ target: first });
}

function showBeside(part, words) {
  if (!box) {
    document.body.append((box = element("div", { class: "tip over", "aria-hidden": "true" })));
    addEventListener("scroll", hide, { capture: true, passive: true });
  }
  box.textContent = words;
  box.hidden = false;
  const { left, top, bottom, width } = part.getBoundingClientRect();
  const half = box.offsetWidth / 2 + 8;
  box.style.left = `${Math.max(half, Math.min(left + width / 2, document.documentElement.clientWidth - half))}px`;
  const below = top < box.offsetHeight + 64; // under the page's header
  box.classList.toggle("below", below);
  box.style.top = `${below ? bottom : top}px`;
}
