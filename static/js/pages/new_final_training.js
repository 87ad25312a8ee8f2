// The launch form of a final training: the server's own rules judge, and the counts follow.
import { duration, shortCount, whole } from "../domain/format.js";
import { checkedForm } from "../lib/checked_form.js";
import { byId, pageJson, setText } from "../lib/dom.js";
import { showVariants } from "../lib/variants.js";
import { Diagram } from "../views/diagram.js";

const form = byId("launch");
const diagram = new Diagram();
byId("cell").replaceChildren(diagram.node);
diagram.show(pageJson("cell-json"));

const control = (name) => form.elements.namedItem(name);
const place = (name) => form.querySelector(`[data-field="${name}"]`);

const usualHelp = place("weights").querySelector(".help")?.textContent ?? "";

function show({ errors, against_growing: against, ...counts }) {
  for (const field of form.querySelectorAll("[data-field]")) {
    const reason = errors[field.dataset.field] ?? "";
    field.classList.toggle("wrong", Boolean(reason));
    setText(field.querySelector(".error"), reason);
  }
  const advanced = byId("advanced");
  if (advanced.querySelector(".wrong")) advanced.open = true;
  setText(byId("launch-errors"), errors.__all__ ?? "");
  setText(byId("count-parameters"), shortCount(counts.parameters));
  setText(byId("count-multiply_adds"), shortCount(counts.multiply_adds));
  setText(byId("count-images"), counts.images == null ? "–" : shortCount(counts.images));
  byId("count-images").title = counts.images == null ? "" : whole(counts.images);
  setText(
    byId("count-seconds"),
    counts.seconds == null ? "not known" : `about ${duration(counts.seconds)}`,
  );
  const grown = control("weights").querySelector("option[value=grown]");
  grown.disabled = Boolean(against) && control("weights").value !== "grown";
  const help = place("weights").querySelector(".help") ?? addHelp(place("weights"));
  setText(
    help,
    against && control("weights").value !== "grown"
      ? `Grown weights do not go here: ${against}`
      : usualHelp,
  );
}

function addHelp(field) {
  const help = document.createElement("small");
  help.className = "help";
  field.insertBefore(help, field.querySelector(".error"));
  return help;
}

showVariants(form);
checkedForm(form, byId("launch-button"), show, () => showVariants(form));
