// What an opened row of the trial table asks for: its curve, and what can be done with it. Loaded
// when the first row is opened.
import { percentWithUnit, plural } from "../domain/format.js";
import { request } from "../lib/api.js";
import { element, svg } from "../lib/dom.js";

/**
 * @param box to be filled
 * @param edit whether the reader owns the search
 * @param read (number) -> the trial in full
 * @param epochs of a trial that is not stopped early
 */
export async function fillDetail(box, { number }, { href, edit, read, epochs }) {
  try {
    const trial = await read(number);
    box.replaceChildren(curveOf(trial, epochs), actions(trial, `/api/v1${href}`, edit));
  } catch (error) {
    box.replaceChildren(
      element("p", { class: "reason" }, `Trial ${number} could not be read: ${error.message}`),
    );
  }
}

function curveOf({ curve, transformations, state }, epochs) {
  const grown = transformations && `grown in ${plural(transformations.length, "transformation")}`;
  if (curve.length < 2) return element("p", { class: "facts-line" }, grown ?? "");
  const [low, high] = [Math.min(...curve), Math.max(...curve)];
  const x = (index) => (118 * index) / (curve.length - 1) + 1;
  const y = (value) => 33 - (30 * (value - low)) / (high - low || 1);
  const d = curve
    .map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  const [first, last] = [curve[0], curve.at(-1)].map((share) => percentWithUnit(share));
  const says = `Accuracy from ${first} to ${last} in ${plural(curve.length, "epoch")}`;
  const early = state === "completed" && curve.length < epochs && "stopped early";
  return element(
    "figure",
    { class: "small-curve" },
    svg(
      "svg",
      { class: "spark", viewBox: "0 0 120 36", role: "img", "aria-label": says },
      svg("path", { d }),
    ),
    element("figcaption", {}, [says, early, grown].filter(Boolean).join(", ")),
  );
}

function actions(trial, url, edit) {
  const error = element("p", { class: "reason", role: "alert" });
  const button = (name, text, send, then) => {
    const made = element("button", { type: "button", dataset: { action: name } }, text);
    made.addEventListener("click", async () => {
      made.disabled = true;
      error.textContent = "";
      await send().then(
        () => then?.(made),
        ({ message }) => {
          error.textContent = message;
        },
      );
      made.disabled = false;
    });
    return made;
  };
  const pinText = () => (trial.pinned ? "Unpin" : "Pin");
  const pin =
    edit &&
    button(
      "pin",
      pinText(),
      () => request(trial.pinned ? "DELETE" : "POST", `${url}pin/`),
      (made) => {
        trial.pinned = !trial.pinned;
        made.textContent = pinText();
      },
    );
  const retry =
    edit &&
    trial.state === "failed" &&
    button(
      "retry",
      "Try again",
      () => request("POST", `${url}retry/`),
      (made) => made.remove(),
    );
  const download =
    trial.kept && element("a", { class: "button", href: `${url}download/` }, "Download");
  return element("div", { class: "row-actions" }, pin, retry, download, error);
}
