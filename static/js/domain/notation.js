// Reads a cell's one-line notation, so that a list of many trials need not carry their trees.
//
//     add[G3x3 -> concat/split[avg3, sep7], conv1x1]
import { OPERATIONS } from "./operations.js";

const BY_SYMBOL = Object.fromEntries(
  Object.entries(OPERATIONS).flatMap(([name, { symbol }]) => [
    [symbol, name],
    [name, name],
  ]),
);
const TOKEN = /->|[[\],]|[\w/]+/g;

/** The cell, or null where the text is not one. */
export function parseCell(text) {
  const reader = { tokens: text.match(TOKEN) ?? [], at: 0 };
  try {
    const root = readNode(reader);
    return reader.at === reader.tokens.length ? { version: 1, root } : null;
  } catch {
    return null;
  }
}

function expect(reader, token) {
  if (reader.tokens[reader.at] !== token) throw new SyntaxError(`expected ${token}`);
  reader.at += 1;
}

const take = (reader, token) => {
  const is = reader.tokens[reader.at] === token;
  if (is) reader.at += 1;
  return is;
};

function readNode(reader) {
  const motif = reader.tokens[reader.at] === "[" ? "none" : reader.tokens[reader.at++];
  const [merge, allocation = "replicate"] = motif.split("/");
  const branches = [];
  expect(reader, "[");
  do branches.push(readBranch(reader));
  while (take(reader, ","));
  expect(reader, "]");
  return { merge, allocation, branches };
}

function readBranch(reader) {
  const operation = BY_SYMBOL[reader.tokens[reader.at++]];
  if (!operation) throw new SyntaxError("expected an operation");
  return take(reader, "->") ? { operation, node: readNode(reader) } : { operation };
}

/** How often each operation was chosen: all edges but the root's, without building the tree. */
export function operationsOf(text) {
  const counts = {};
  let depth = 0;
  let from = 0;
  // Letter by letter: a pattern takes ten times as long, and there are thousands of them.
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (!"[], ->".includes(letter)) continue;
    const operation = depth > 1 && BY_SYMBOL[text.slice(from, at)];
    if (operation) counts[operation] = (counts[operation] ?? 0) + 1;
    if (letter === "[") depth += 1;
    else if (letter === "]") depth -= 1;
    from = at + 1;
  }
  return counts;
}

const read = new WeakMap();

/** The cell of a trial, from its own tree or from its notation; null where it has neither. */
export function cellOf(trial) {
  if (trial.cell) return trial.cell;
  if (!trial.notation) return null;
  if (!read.has(trial)) read.set(trial, parseCell(trial.notation));
  return read.get(trial);
}
