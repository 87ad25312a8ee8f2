// Cells as the engine's JSON: {root: {merge, allocation, branches: [{operation, node?}]}}.
// A path is the index of the branch to take at each node from the root; its key joins them by dots.
import { shown } from "./operations.js";

export const keyOf = (path) => path.join(".");

/** The cell before any transformation: one edge. */
export const startCell = (operation = "group_conv_3x3") => ({
  version: 1,
  root: { merge: "none", allocation: "replicate", branches: [{ operation }] },
});

/** Every branch with its path and key, depth first. */
export function branchesOf(cell) {
  const found = [];
  const visit = (node, path) => {
    (node?.branches ?? []).forEach((branch, index) => {
      const below = [...path, index];
      found.push({ path: below, key: keyOf(below), operation: branch.operation });
      visit(branch.node, below);
    });
  };
  visit(cell.root, []);
  return found;
}

/** The cell in one line, as the engine writes it. */
export function notation(cell) {
  const writeNode = (node) => {
    const motif = { none: "", add: "add", concat: `concat/${node.allocation}` }[node.merge];
    return `${motif}[${node.branches.map(writeBranch).join(", ")}]`;
  };
  const writeBranch = (branch) =>
    shown(branch.operation).symbol + (branch.node ? ` -> ${writeNode(branch.node)}` : "");
  return writeNode(cell.root);
}

/** What changed: keys of branches added, removed, and with another operation. */
export function difference(before, after) {
  const old = new Map(branchesOf(before).map(({ key, operation }) => [key, operation]));
  const now = new Map(branchesOf(after).map(({ key, operation }) => [key, operation]));
  return {
    added: [...now.keys()].filter((key) => !old.has(key)),
    removed: [...old.keys()].filter((key) => !now.has(key)),
    replaced: [...now.keys()].filter((key) => old.has(key) && old.get(key) !== now.get(key)),
  };
}

/** Keys of the branches that are drawn as new. */
export function changedKeys(before, after) {
  const { added, replaced } = difference(before, after);
  return new Set([...added, ...replaced]);
}

/** The cell after one transformation. Those of a skeleton's layers leave the cell as it is. */
export function transformed(cell, transformation) {
  const change = CHANGES[transformation.type];
  return change ? { ...cell, root: change(cell.root, transformation) } : cell;
}

const CHANGES = {
  set_merge: (root, { node: path, merge, branches }) =>
    atNode(root, path, (node) => {
      const [branch] = node.branches;
      const copies = Array.from({ length: branches }, () => ({ ...branch }));
      return { merge, allocation: allocation(merge, branch.operation), branches: copies };
    }),
  insert_node: (root, { branch: path }) =>
    atBranch(root, path, (branch) => {
      const identity = { operation: "identity", ...(branch.node && { node: branch.node }) };
      return { ...branch, node: { merge: "none", allocation: "replicate", branches: [identity] } };
    }),
  replace_identity: (root, { branch: path, operation }) =>
    atBranch(root, path, (branch) => ({ ...branch, operation })),
};

/** Under concat an operation without weights of its own, or a grouped one, gets a part each. */
function allocation(merge, operation) {
  const divides = !/conv/.test(operation) || operation === "group_conv_3x3";
  return merge === "concat" && divides ? "split" : "replicate";
}

function atNode(node, path, change) {
  if (!path.length) return change(node);
  const [first, ...rest] = path;
  const below = (branch) => ({ ...branch, node: atNode(branch.node, rest, change) });
  return {
    ...node,
    branches: node.branches.map((branch, index) => (index === first ? below(branch) : branch)),
  };
}

function atBranch(root, path, change) {
  const last = path.at(-1);
  return atNode(root, path.slice(0, -1), (node) => ({
    ...node,
    branches: node.branches.map((branch, index) => (index === last ? change(branch) : branch)),
  }));
}

/** The growth in every step: [{step, cell, changed, transformation}], the start cell first. */
export function growthSteps(start, transformations) {
  const steps = [{ step: 0, cell: start, changed: new Set(), transformation: null }];
  transformations.forEach((transformation, index) => {
    const before = steps.at(-1).cell;
    const cell = transformed(before, transformation);
    steps.push({ step: index + 1, cell, changed: changedKeys(before, cell), transformation });
  });
  return steps;
}

/** The growth in stages: the start, each motif once its operations are chosen, the end. */
export function growthStages(start, transformations) {
  const steps = growthSteps(start, transformations);
  const ends = new Set([0, transformations.length]);
  let merged = false;
  transformations.forEach(({ type }, index) => {
    if (merged && type !== "replace_identity") {
      ends.add(index);
      merged = false;
    }
    merged ||= type === "set_merge";
  });
  const stages = [...ends].sort((a, b) => a - b).map((end) => steps[end]);
  return stages.map((stage, index) => ({
    ...stage,
    changed: index ? changedKeys(stages[index - 1].cell, stage.cell) : new Set(),
  }));
}

/** A transformation in words. */
export function describe(transformation) {
  const { type, node, branch, merge, branches, operation, layer, width } = transformation;
  switch (type) {
    case "set_merge":
      return `${branches} paths at ${placeName(node)}, joined by ${merge === "add" ? "their mean" : "concat"}`;
    case "insert_node":
      return `A node after path ${placeName(branch)}`;
    case "replace_identity":
      return `Path ${placeName(branch)} becomes ${shown(operation).name}`;
    case "widen":
      return `${layer} widened to ${width} channels`;
    case "deepen":
      return `A layer after ${layer}`;
    default:
      return type;
  }
}

const placeName = (path) => (path.length ? path.map((index) => index + 1).join(".") : "the root");
