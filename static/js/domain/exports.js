// What a checkpoint's page says of its exports. No browser needed.
import { percent, power } from "./format.js";
import { fileSize } from "./upload.js";

const USES = {
  onnx: "for ONNX Runtime, and for trying the network on this page",
  "onnx-float16": "half the size; computes in float32 where a processor has no float16",
  "onnx-int8": "a quarter of the size, faster on many processors; the accuracy is measured",
  "onnx-image": "takes RGB or RGBA pictures of any size, gives probabilities",
  "torch-export": "a whole program, for PyTorch without this application",
  safetensors: "weights and description, as Espalier reads them",
  pytorch: "a Python file; needs torch, and torchvision for a network of torchvision’s",
};

export const isActive = (row) => ["queued", "running"].includes(row?.state);

/**
 * A line for each form: its row, or null where it has not been built; why it cannot be.
 *
 * @param {any[]} rows exports that there are; those of no usual form follow their format's
 * @param {any[]} offered every usual form, with why there is none of this network, or an empty text
 */
export function byForm(rows, offered) {
  const usual = offered.map((about) => ({
    ...about,
    use: USES[about.name] ?? "",
    row: rows.find(({ name }) => name === about.name) ?? null,
    whyNot: about.why_not,
  }));
  const others = rows
    .filter(({ name }) => !offered.some((about) => about.name === name))
    .map((row) => ({ ...row, use: "", row, whyNot: "" }));
  return usual.flatMap((about, at) =>
    usual[at + 1]?.kind === about.kind
      ? [about]
      : [about, ...others.filter(({ kind }) => kind === about.kind)],
  );
}

/** What to ask the server for: a form, with the opset where another than the usual is chosen. */
export const asked = ({ kind, precision, preprocessing }, opset) =>
  kind === "onnx" ? { kind, precision, preprocessing, ...(opset && { opset }) } : { kind };

/** "4.1e-7 of at most 1e-4, on 256 test images of Shapes": a share of the outputs' scale. */
export function differenceText(
  { largest_difference: found, bound, images_compared: images, images_are_real: real },
  dataset = "",
) {
  const amount = found === 0 ? "none" : power(found);
  const limit = bound === 0 ? ", none allowed" : bound ? `, at most ${power(bound)} allowed` : "";
  const source = real ? `test images${dataset && ` of ${dataset}`}` : "images of noise";
  return `${amount}${limit}, on ${images.toLocaleString("en")} ${source}`;
}

/**
 * What a table says of an export's outputs: ["98.2 %", "−0.3 ± 0.2 points"] where the accuracy was
 * measured, else whether the classes found are the same.
 * @returns {[string, string]}
 */
export function outputsText(report) {
  const { accuracy, accuracy_before: before, accuracy_error: error } = report;
  if (accuracy != null) {
    const change = 100 * (accuracy - before);
    const sign = change < -0.005 ? "−" : change > 0.005 ? "+" : "±";
    const text = sign === "±" ? "no change" : `${sign}${Math.abs(change).toFixed(2)}`;
    const noise = sign === "±" && !error ? "" : ` ± ${(100 * error).toFixed(2)} points`;
    return [`${percent(accuracy)} %`, `${text}${noise}`];
  }
  const changed = report.classes_changed ?? 0;
  return changed
    ? [`${changed} of ${report.images_compared} classes change`, ""]
    : [
        "same classes",
        report.largest_difference ? `${power(report.largest_difference)} off` : "exact",
      ];
}

/** Seconds of a batch in milliseconds: "0.84", "12.3", "104". */
export function milliseconds(seconds) {
  if (seconds == null) return "–";
  const value = 1000 * seconds;
  return value < 10
    ? value.toFixed(2)
    : value < 100
      ? value.toFixed(1)
      : Math.round(value).toLocaleString("en");
}

/** Bytes of memory in MiB: "0.08", "12.3", "104". */
export const mebibytes = (bytes) => (bytes == null ? "–" : milliseconds(bytes / 2 ** 20 / 1000));

/** A data set to compare on, with what is done to its images. */
export const datasetLabel = ({ name, shape, resized }) =>
  `${name} · ${shape}${resized ? ", resized" : ""}`;

export const filesText = ({ files }) =>
  files.map(({ name, bytes }) => `${name}, ${fileSize(bytes)}`).join(" · ");
