// What a checkpoint's page says of its exports. No browser needed.
import { power } from "./format.js";
import { fileSize } from "./upload.js";

export const KINDS = [
  { kind: "onnx", label: "ONNX", use: "for ONNX Runtime, and for trying the network on this page" },
  { kind: "torch-export", label: "torch.export", use: "a whole program, for PyTorch without this application" },
  { kind: "safetensors", label: "safetensors + JSON", use: "weights and description, as Espalier reads them" },
  { kind: "pytorch", label: "Plain PyTorch", use: "a Python file that needs nothing but torch" },
];

export const isActive = (row) => ["queued", "running"].includes(row?.state);

/** What stands in each kind's place: its row, or null where it has not been built. */
export const byKind = (rows) => KINDS.map((about) => ({ ...about, row: rows.find(({ kind }) => kind === about.kind) ?? null }));

/** "4.1e-7 of at most 1e-4, on 256 test images of Shapes": a share of the logits' scale. */
export function differenceText({ largest_difference: found, bound, images_compared: images, images_are_real: real }, dataset = "") {
  const amount = found === 0 ? "none" : power(found);
  const allowed = bound === 0 ? "none allowed" : `at most ${power(bound)} allowed`;
  return `${amount}, ${allowed}, on ${images.toLocaleString("en")} ${real ? `test images${dataset && ` of ${dataset}`}` : "images of noise"}`;
}

/** Seconds of a batch in milliseconds: "0.84", "12.3", "104". */
export function milliseconds(seconds) {
  if (seconds == null) return "–";
  const value = 1000 * seconds;
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** Bytes of memory in MiB: "0.08", "12.3", "104". */
export const mebibytes = (bytes) => (bytes == null ? "–" : milliseconds(bytes / 2 ** 20 / 1000));

/** A data set to compare on, with what is done to its images. */
export const datasetLabel = ({ name, shape, resized }) => `${name} · ${shape}${resized ? ", resized" : ""}`;

export const filesText = ({ files }) =>
  files.map(({ name, bytes }) => `${name}, ${fileSize(bytes)}`).join(" · ");
