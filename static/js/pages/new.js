// The launch form: while one types, the server's own rules judge, and the counts follow.
import { duration, power } from "../domain/format.js";
import { fileSize } from "../domain/upload.js";
import { checkedForm } from "../lib/checked_form.js";
import { byId } from "../lib/dom.js";
import { showVariants } from "../lib/variants.js";

const COUNTS = ["parameters", "multiply_adds", "cells", "epochs"];

const form = byId("launch");
const advanced = byId("advanced");
const touched = new Set([...form.querySelectorAll(".wrong")].map((field) => field.dataset.field));

function show({ errors, changed, ...counts }) {
  for (const field of form.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    // A name that nobody has typed yet is no mistake; all else keeps the counts from being known.
    const reason = name === "name" && !touched.has(name) ? "" : (errors[name] ?? "");
    field.classList.toggle("wrong", Boolean(reason));
    field.classList.toggle("changed", changed.includes(name));
    const place = field.querySelector(".error");
    if (place.textContent !== reason) place.textContent = reason;
  }
  if (advanced.querySelector(".wrong")) advanced.open = true;
  byId("launch-errors").textContent = errors.__all__ ?? "";
  for (const name of COUNTS) {
    byId(`count-${name}`).textContent = counts[name] == null ? "–" : readable(counts[name]);
  }
  byId("count-seconds").textContent =
    counts.seconds == null ? "–" : `about ${duration(counts.seconds)}`;
  byId("speed-note").textContent =
    counts.seconds == null
      ? ""
      : counts.speed_known
        ? "at the speed of the latest trials here"
        : "a guess, until a first trial here has ended";
  byId("count-memory").textContent =
    counts.memory == null ? "–" : `about ${fileSize(counts.memory)}`;
}

/** With commas; a count that nobody can read so (cells of a space) by its magnitude. */
function readable(count) {
  return count < 1e12 ? count.toLocaleString("en") : power(count);
}

/** The plan follows the data set: at once where nothing else has been changed, else where one asks for it. */
function followDataset({ target }) {
  const link = /** @type {HTMLAnchorElement} */ (document.querySelector("#plan-link"));
  if (target.name !== "data.name" || !link || !target.value) return;
  const query = new URLSearchParams({ dataset: target.value });
  const minutes = new URLSearchParams(location.search).get("minutes");
  if (minutes) query.set("minutes", minutes);
  link.href = `?${query}`;
  if (document.querySelector("#plan") && [...touched].every((name) => name === "data.name"))
    location.assign(link.href);
}

form.addEventListener("change", followDataset);
form.addEventListener("change", () => showVariants(form));
addEventListener("pageshow", () => showVariants(form));
showVariants(form);

checkedForm(form, byId("launch-button"), show, (name) => touched.add(name));
