// Widths and parameters of every path of a cell, at the sites at which a search's cells stand.
// As the engine reckons them: the root's edges map a site's width in to its width out, all others
// keep their node's; under concat outputs are parts of it, under split inputs are, too.
import { keyOf } from "./cell.js";
import { plural } from "./format.js";
import { shown } from "./operations.js";

/** A width in so many parts, the first ones larger where it does not divide. */
export const parts = (width, count) =>
  Array.from(
    { length: count },
    (_, index) => Math.floor(width / count) + (index < width % count ? 1 : 0),
  );

const KERNEL = /_(\d)x\1$/;

/** Parameters of one edge, its batch norm included. */
export function parametersOf(operation, into, out, groups, normFirst) {
  if (!/conv/.test(operation)) return 0;
  const area = Number(KERNEL.exec(operation)?.[1] ?? 1) ** 2;
  const norm = 2 * (normFirst ? into : out);
  if (operation.startsWith("sep_")) return norm + into * area + into * out;
  const divisor = operation.startsWith("group_") ? Math.max(1, groups) : 1;
  return norm + Math.floor(into / divisor) * out * area;
}

/** Of each branch by its key: {from: [in, out] at the first site, to: at the last, cells, parameters}. */
export function branchFacts(cell, { sites, norm_first: normFirst }) {
  const facts = new Map();
  for (const [into, out, groups, count] of sites) {
    visit(cell.root, [], { into, out, groups }, (key, operation, shape) => {
      const own = count * parametersOf(operation, shape.into, shape.out, shape.groups, normFirst);
      const before = facts.get(key);
      const widths = [shape.into, shape.out];
      facts.set(key, {
        from: before?.from ?? widths,
        to: widths,
        cells: (before?.cells ?? 0) + count,
        parameters: (before?.parameters ?? 0) + own,
      });
    });
  }
  return facts;
}

const arrow = ([into, out]) => (into === out ? `${into}` : `${into} → ${out}`);

/** A path in words: its operation, its channels and its parameters, as far as they are known. */
export function pathWords(operation, facts) {
  const { name, hollow } = shown(operation);
  if (!facts)
    return `${name}: ${hollow || operation === "identity" ? "no weights" : "has weights"}`;
  const [from, to] = [arrow(facts.from), arrow(facts.to)];
  const channels = from === to ? `${from} channels` : `${from} to ${to} channels`;
  const weights = facts.parameters
    ? `${plural(facts.parameters, "parameter")} in ${plural(facts.cells, "cell")}`
    : "no weights";
  return `${name} · ${channels} · ${weights}`;
}

function visit(node, path, shape, found) {
  const branches = node?.branches ?? [];
  const count = branches.length;
  const outs = node?.merge === "concat" ? parts(shape.out, count) : Array(count).fill(shape.out);
  const divides = node?.allocation === "split";
  const ins = divides ? parts(shape.into, count) : Array(count).fill(shape.into);
  branches.forEach(({ operation, node: below }, index) => {
    const groups = divides ? shape.groups / count : shape.groups;
    const here = [...path, index];
    found(keyOf(here), operation, { into: ins[index], out: outs[index], groups });
    visit(below, here, { into: outs[index], out: outs[index], groups }, found);
  });
}
