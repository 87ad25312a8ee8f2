// Try a network on an image, in this browser: nothing is sent anywhere, unless somebody presses the button for it.
import { asRgba, normalised, ranked, sampleBox, seen } from "../domain/preprocess.js";
import { isActive } from "../domain/exports.js";
import { percent } from "../domain/format.js";
import { element, setText } from "../lib/dom.js";
import { takesFiles } from "../lib/drop.js";
import { loadNetwork } from "../lib/onnx.js";
import { postFile } from "../lib/api.js";
import { loadPicture, NotReadHere, partOf, pixelsOf, show } from "../lib/picture.js";

const SHOWN_CLASSES = 10;
const MAX_SAMPLES = 12;

/** @returns {(rows) => void} to be told of the checkpoint's exports */
export function tryIt(place, { checkpoint, dataset, canEdit, build }) {
  const find = (selector) => place.querySelector(selector);
  const [note, drop, input, invert] = [
    find("[data-note]"),
    find("[data-drop]"),
    find("input[type=file]"),
    find("[data-invert]"),
  ];
  const shape = checkpoint.image;
  const [offer, send] = [find("[data-offer]"), find("[data-send]")];
  let [network, image, onnx, sha256, unread] = [null, null, null, "", null];

  async function run() {
    if (!image) return;
    const { rendering } = checkpoint;
    const pixels = seen(image, shape, { invert: invert.checked, rendering });
    show(find(".seen canvas"), asRgba(pixels, shape), shape[2], shape[1]);
    find("[data-result]").hidden = false;
    try {
      if (!network) setText(note, "Loading the network…");
      network ??= loadNetwork(place.dataset.wasm, onnx);
      const classify = await network;
      const started = performance.now();
      const logits = await classify(normalised(pixels, checkpoint.mean, checkpoint.std), [
        1,
        ...shape,
      ]);
      setText(
        note,
        `Classified in this browser in ${(performance.now() - started).toFixed(1)} ms.`,
      );
      bars(find("[data-bars]"), ranked(logits, checkpoint.class_names));
    } catch (fault) {
      network = null;
      setText(note, `The network could not be run here: ${fault.message}`);
    }
  }

  async function take(file) {
    [unread, offer.hidden] = [null, true];
    try {
      image = await pixelsOf(file);
    } catch (fault) {
      setText(note, fault instanceof NotReadHere ? "" : "This is no image, or a damaged one.");
      if (fault instanceof NotReadHere) offerServer(file, fault.message);
      return;
    }
    await run();
  }

  function offerServer(file, why) {
    setText(find("[data-offer-note]"), `${why} The server can try: it keeps nothing of it.`);
    [unread, offer.hidden, send.disabled] = [file, false, false];
  }

  async function readOnServer() {
    const file = unread;
    send.disabled = true;
    try {
      const pixels = await postFile(`/api/v1/checkpoints/${checkpoint.id}/picture/`, file);
      if (file !== unread) return;
      image = await pixelsOf(pixels);
    } catch (fault) {
      setText(note, fault.message);
      send.disabled = false;
      return;
    }
    offer.hidden = true;
    await run();
  }

  startDrop(drop, input, take);
  invert.addEventListener("change", run);
  send.addEventListener("click", readOnServer);
  find("[data-build]").addEventListener("click", (event) => {
    event.target.disabled = true;
    build("onnx");
  });
  let samples = null;

  return ({ exports: rows, can }) => {
    const row = rows.find(({ name }) => name === "onnx");
    const ready = row?.state === "completed";
    if (ready && row.sha256 !== sha256)
      [network, onnx, sha256] = [
        null,
        `/api/v1/checkpoints/${checkpoint.id}/exports/onnx/download/`,
        row.sha256,
      ];
    find("[data-missing]").hidden = ready;
    find("[data-ready]").hidden = !ready;
    find("[data-build]").hidden = !can.exports.onnx.build;
    find("[data-build]").disabled = false;
    setText(find("[data-missing-note]"), missingNote(row, canEdit));
    if (ready)
      samples ??= showSamples(find("[data-samples]"), {
        dataset,
        shape,
        choose: (pixels) => {
          image = pixels;
          return run();
        },
      });
  };
}

function missingNote(row, canEdit) {
  if (isActive(row))
    return row.state === "queued"
      ? "The ONNX export waits for a worker."
      : "The ONNX export is being built.";
  if (row?.state === "failed")
    return "The ONNX export could not be built; its reason stands above.";
  return canEdit
    ? "The network runs in your browser from its ONNX export, which has not been built yet."
    : "The network runs in your browser from its ONNX export, which its owner has not built yet.";
}

function startDrop(drop, input, take) {
  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  takesFiles(drop, ([file]) => take(file));
}

function bars(list, classes) {
  const rest = classes.slice(SHOWN_CLASSES);
  const bar = ({ name, share }) =>
    element(
      "li",
      {},
      element("span", {}, name),
      element("progress", { max: 1, value: share, "aria-hidden": "true" }),
      element("b", {}, percent(share, 1), " ", element("small", {}, "%")),
    );
  list.replaceChildren(...classes.slice(0, SHOWN_CLASSES).map(bar));
  if (rest.length) {
    const left = rest.reduce((sum, { share }) => sum + share, 0);
    list.append(
      element(
        "li",
        { class: "rest" },
        element("span", {}, `${rest.length} others`),
        element("i"),
        element("b", {}, percent(left, 1), " ", element("small", {}, "%")),
      ),
    );
  }
}

/** One sample of each class, cut from the pictures that the data set's page shows. */
async function showSamples(list, { dataset, shape, choose }) {
  for (const [index, name] of (dataset?.class_names ?? []).slice(0, MAX_SAMPLES).entries()) {
    const picture = await loadPicture(`/api/v1/datasets/${dataset.id}/samples/${index}.png`).catch(
      () => null,
    );
    if (!picture) return;
    const pixels = partOf(picture, sampleBox(shape, 0));
    const canvas = element("canvas", { "aria-hidden": "true" });
    show(canvas, pixels.data, pixels.width, pixels.height);
    list.append(
      element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            title: name,
            "aria-label": `Try a sample of ${name}`,
            on: { click: () => choose(pixels) },
          },
          canvas,
        ),
      ),
    );
    list.parentElement.hidden = false;
  }
}
