// What an opened row of the trial table asks the server for: its curve, and what can be done with
// it. Loaded when the first row is opened.
import { percentWithUnit, plural } from "../domain/format.js";
import { getJson, request } from "../lib/api.js";
import { element, svg } from "../lib/dom.js";

/** @param box to be filled @param edit whether the reader owns the search */
export async function fillDetail(box, { number }, { href, edit }) {
  const url = `/api/v1${href}`;
  try {
    const { trial } = await getJson(url);
    box.replaceChildren(...[curveOf(trial), actions(trial, url, edit)].filter(Boolean));
  } catch (error) {
    box.replaceChildren(element("p", { class: "reason" }, `Trial ${number} could not be read: ${error.message}`));
  }
}

function curveOf({ curve, transformations }) {
  const grown = `grown in ${plural(transformations?.length ?? 0, "transformation")}`;
  if (curve.length < 2) return element("p", { class: "facts-line" }, grown);
  const [low, high] = [Math.min(...curve), Math.max(...curve)];
  const x = (index) => (118 * index) / (curve.length - 1) + 1;
  const y = (value) => 33 - (30 * (value - low)) / (high - low || 1);
  const d = curve.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const says = `Accuracy from ${percentWithUnit(curve[0])} to ${percentWithUnit(curve.at(-1))} in ${plural(curve.length, "epoch")}`;
  return element("figure", { class: "small-curve" },
    svg("svg", { class: "spark", viewBox: "0 0 120 36", role: "img", "aria-label": says }, svg("path", { d })),
    element("figcaption", {}, `${says}, ${grown}`));
}

function actions(trial, url, edit) {
  const error = element("p", { class: "reason", role: "alert" });
  const button = (name, text, send, then) => {
    const made = element("button", { type: "button", dataset: { action: name } }, text);
    made.addEventListener("click", async () => {
      made.disabled = true;
      error.textContent = "";
      await send().then(() => then?.(made), ({ message }) => { error.textContent = message; });
      made.disabled = false;
    });
    return made;
  };
  const pinText = () => (trial.pinned ? "Unpin" : "Pin");
  const pin = edit && button("pin", pinText(), () => request(trial.pinned ? "DELETE" : "POST", `${url}pin/`), (made) => {
    trial.pinned = !trial.pinned;
    made.textContent = pinText();
  });
  const retry = edit && trial.state === "failed" &&
    button("retry", "Try again", () => request("POST", `${url}retry/`), (made) => made.remove());
  const download = trial.kept && element("a", { class: "button", href: `${url}download/` }, "Download");
  return element("div", { class: "row-actions" }, pin, retry, download, error);
}
