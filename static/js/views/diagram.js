// The path-level diagram as SVG. Elements have classes only; colours are the style sheet's.
// A live diagram keeps its elements by key, so that paths slide to their new place and only new
// ones grow; what changed glows, then fades into the normal wire.
import { notation } from "../domain/cell.js";
import { FULL, GLYPH, layoutCell } from "../domain/layout.js";
import { shown } from "../domain/operations.js";
import { setAttributes, svg } from "../lib/dom.js";

const GLOW_MS = 6000;

/** A small drawing without labels: for tables, film strips, tooltips. It does not change. */
export function glyph(cell, changed = new Set()) {
  const drawing = layoutCell(cell, GLYPH);
  const node = frame(drawing, "glyph", notation(cell));
  for (const isNew of [false, true]) {
    const wires = drawing.wires.filter(({ key }) => changed.has(key) === isNew);
    const d = wires.map((wire) => wire.d).join("");
    if (d) node.append(svg("path", { class: isNew ? "wire new" : "wire", d }));
  }
  for (const chip of drawing.chips) {
    const { x, y, width, height } = chip;
    node.append(
      svg(
        "g",
        { class: chipClass(chip, changed) },
        svg("rect", { x, y: y - height / 2, width, height, rx: 1.5 }),
      ),
    );
  }
  node.append(...drawing.allocations.map((part) => allocation(part, GLYPH)));
  node.append(
    ...drawing.merges.map(({ x, y }) =>
      svg("circle", { class: "merge", cx: x, cy: y, r: GLYPH.ring }),
    ),
  );
  return node;
}

function frame(drawing, size, label) {
  const { width, height } = drawing;
  return svg("svg", {
    class: `cell ${size}`,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": label,
  });
}

const chipClass = ({ operation, key }, changed) => {
  const { hue, hollow } = shown(operation);
  return ["op", `op-${hue}`, hollow && "hollow", changed.has(key) && "new"]
    .filter(Boolean)
    .join(" ");
};

function allocation({ x, y, split }, size) {
  if (!split) return svg("circle", { class: "allocation", cx: x, cy: y, r: size.dot });
  const width = size.labels ? 3 : 1.2;
  return svg("rect", {
    class: "allocation",
    x: x - width / 2,
    y: y - size.ring,
    width,
    height: 2 * size.ring,
  });
}

/** A full drawing that follows its cell. `show(cell, {changed, within})` draws. */
export class Diagram {
  parts = new Map();
  sites = null;

  /** @param explored its chips can be reached by keyboard */
  constructor({ explored = false } = {}) {
    this.explored = explored;
    this.wires = svg("g");
    this.shapes = svg("g");
    this.origin = svg("g", { class: "origin" }, this.wires, this.shapes);
    this.node = svg("svg", { class: "cell full", role: explored ? "group" : "img" }, this.origin);
    // What says what a chip is comes when the first one is pointed at.
    for (const name of ["pointerover", "focusin"]) {
      this.node.addEventListener(name, (event) => this.#explain(event), { once: true });
    }
  }

  async #explain({ target }) {
    if (this.explained) return;
    this.explained = true;
    const { explain } = await import("./tips.js");
    explain(this, target);
  }

  /**
   * @param changed keys of the branches that are drawn as new, until they fade
   * @param within a cell whose drawing gives the room, so that a growth is played in one frame
   */
  show(cell, { changed = new Set(), within = cell, glow = true } = {}) {
    const drawing = layoutCell(cell, FULL);
    const room = within === cell ? drawing : layoutCell(within, FULL);
    const [width, height] = [
      Math.max(drawing.width, room.width),
      Math.max(drawing.height, room.height),
    ];
    setAttributes(this.node, {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-label": notation(cell),
    });
    const shift = `${(width - drawing.width) / 2}px, ${(height - drawing.height) / 2}px`;
    this.origin.style.transform = `translate(${shift})`;
    this.#reconcile(drawing, changed, glow);
    this.cell = cell;
  }

  #reconcile(drawing, changed, glow) {
    const left = new Set(this.parts.keys());
    const place = (id, make, update) => {
      left.delete(id);
      let part = this.parts.get(id);
      if (!part) this.parts.set(id, (part = make()));
      update(part);
    };
    for (const wire of drawing.wires) {
      const isNew = changed.has(wire.key);
      place(
        `w${wire.key}`,
        () => this.#wire(wire),
        (part) => setAttributes(part, { class: isNew ? "wire new" : "wire", d: wire.d }),
      );
    }
    for (const chip of drawing.chips) {
      place(
        `c${chip.key}${chip.operation}`,
        () => this.#add(makeChip(chip, this.explored)),
        (part) => {
          setAttributes(part, { class: chipClass(chip, changed) });
          moveTo(part, chip);
        },
      );
    }
    for (const part of drawing.allocations) {
      place(
        `${part.key}${part.split}`,
        () => this.#add(svg("g", {}, allocation({ ...part, x: 0, y: 0 }, FULL))),
        (made) => moveTo(made, part),
      );
    }
    for (const part of drawing.merges) {
      place(
        `${part.key}${part.merge}`,
        () => this.#add(makeMerge(part)),
        (made) => moveTo(made, part),
      );
    }
    for (const id of left) {
      this.parts.get(id).remove();
      this.parts.delete(id);
    }
    clearTimeout(this.fading);
    if (changed.size && glow) this.fading = setTimeout(() => this.#fade(), GLOW_MS);
  }

  #wire(wire) {
    const title = wire.identity ? svg("title", {}, "Identity: passes its input on") : null;
    const made = svg("path", { pathLength: 1, class: "wire", d: wire.d }, title);
    this.wires.append(made);
    return made;
  }

  #add(made) {
    this.shapes.append(made);
    return made;
  }

  #fade() {
    for (const part of this.node.querySelectorAll(".new")) part.classList.remove("new");
  }
}

const moveTo = (part, { x, y }) => {
  part.style.transform = `translate(${x}px, ${y}px)`;
};

function makeChip({ key, operation, width, height }, explored) {
  const { label, name } = shown(operation);
  const reached = explored && { role: "img", tabindex: 0, "aria-label": name };
  return svg(
    "g",
    { dataset: { key, operation }, ...reached },
    svg("rect", { y: -height / 2, width, height, rx: 5 }),
    svg("text", { x: width / 2 }, label),
  );
}

function makeMerge({ merge: kind }) {
  const half = FULL.ring / 2;
  const lines = kind === "concat" ? [-0.6 * half, 0, 0.6 * half] : [0];
  const sign =
    lines.map((y) => `M${-half} ${y}h${2 * half}`).join("") +
    (kind === "add" ? `M0 ${-half}v${2 * half}` : "");
  return svg(
    "g",
    {},
    svg("title", {}, kind === "add" ? "Joined by their mean" : "Joined along the channels"),
    svg("circle", { class: "merge", r: FULL.ring }),
    svg("path", { class: "sign", d: sign }),
  );
}
