// The path-level diagram in numbers: measure from the leaves up, then place. No DOM, no colours.

/** Proportions in pixels. A chip width of 0 grows with the kernel: the glyph has no labels. */
export const FULL = {
  row: 30,
  chip: 54,
  chipHeight: 20,
  gap: 10,
  fork: 26,
  merge: 30,
  ring: 8,
  dot: 3.5,
  pad: 24,
  labels: true,
};
export const GLYPH = {
  row: 9,
  chip: 0,
  chipHeight: 3,
  gap: 3,
  fork: 7,
  merge: 7,
  ring: 2,
  dot: 1.2,
  pad: 6,
  labels: false,
};

const kernel = (operation) => (operation === "identity" ? 1 : Number(operation.at(-1)) || 1);

export function chipWidth(operation, size) {
  return operation === "identity" ? size.gap * 2 : size.chip || 5 + kernel(operation);
}

const chipHeight = (operation, size) =>
  size.labels ? size.chipHeight : size.chipHeight + 0.6 * kernel(operation);

/** How much room a node needs, and where its paths run from its top. */
export function measure(node, size) {
  const branches = (node?.branches ?? []).map((branch) => {
    const below = measure(branch.node, size);
    return {
      branch,
      below,
      length: 2 * size.gap + chipWidth(branch.operation, size) + below.width,
    };
  });
  if (!branches.length) return { width: 0, height: size.row, middle: size.row / 2, branches };
  let top = 0;
  for (const part of branches) {
    part.row = top + part.below.middle;
    top += part.below.height;
  }
  const many = branches.length > 1;
  const longest = Math.max(...branches.map(({ length }) => length));
  return {
    node,
    branches,
    many,
    longest,
    height: top,
    width: longest + (many ? size.fork + size.merge : 0),
    middle: (branches[0].row + branches.at(-1).row) / 2,
  };
}

const round = (value) => Math.round(value * 100) / 100;
const move = (x, y) => `M${round(x)} ${round(y)}`;
const line = (x) => `H${round(x)}`;
function curve(x1, y1, x2, y2) {
  const bend = (x2 - x1) / 2;
  return `C${[x1 + bend, y1, x2 - bend, y2, x2, y2].map(round).join(" ")}`;
}

/** The whole drawing: {width, height, wires, chips, allocations, merges}, each with a stable key. */
export function layoutCell(cell, size = FULL) {
  const measured = measure(cell.root, size);
  const margin = size.row * 0.13;
  const drawing = {
    size,
    width: measured.width + 2 * size.pad,
    height: measured.height + 2 * margin,
    wires: [],
    chips: [],
    allocations: [],
    merges: [],
  };
  const y = margin + measured.middle;
  const end = size.pad + measured.width;
  drawing.wires.push({ key: "in", d: move(1, y) + line(size.pad) });
  drawing.wires.push({ key: "out", d: move(end, y) + line(drawing.width - 1) });
  placeNode(drawing, measured, "", size.pad, margin);
  return drawing;
}

function placeNode(drawing, measured, key, x, top) {
  if (!measured.branches.length) return;
  const { size } = drawing;
  const y = top + measured.middle;
  const start = x + (measured.many ? size.fork : 0);
  const end = start + measured.longest;
  const close = end + size.merge - size.ring;
  measured.branches.forEach((part, index) => {
    const below = key ? `${key}.${index}` : `${index}`;
    placePath(drawing, part, below, {
      x,
      y,
      start,
      end,
      close,
      row: top + part.row,
      many: measured.many,
    });
  });
  if (!measured.many) return;
  const split = measured.node.allocation === "split";
  drawing.allocations.push({ key: `a${key}`, x, y, split });
  drawing.merges.push({ key: `m${key}`, x: close, y, merge: measured.node.merge });
}

/** One path: from the allocation over its chip, then its node, to the merge. */
function placePath(drawing, part, key, { x, y, start, end, close, row, many }) {
  const { size } = drawing;
  const { operation } = part.branch;
  const width = chipWidth(operation, size);
  const after = start + 2 * size.gap + width;
  const opens = many ? move(x, y) + curve(x, y, start, row) : move(start, row);
  const passes =
    operation === "identity"
      ? line(after)
      : line(start + size.gap) + move(start + size.gap + width, row) + line(after);
  const tail = move(start + part.length, row) + line(end) + (many ? curve(end, row, close, y) : "");
  drawing.wires.push({ key, d: opens + passes + tail, identity: operation === "identity" });
  if (operation !== "identity") {
    const height = chipHeight(operation, size);
    drawing.chips.push({ key, operation, x: start + size.gap, y: row, width, height });
  }
  placeNode(drawing, part.below, key, after, row - part.below.middle);
}
