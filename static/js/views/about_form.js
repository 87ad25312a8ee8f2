// The form in which a search's owner writes its note and tags. Loaded when it is asked for.
import { request } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";

let opened = null;

export function editAbout({ note, tags }, apiUrl, onAnswer) {
  const form = byId("about-form");
  const [noteInput, tagsInput] = ["note-input", "tags-input"].map(byId);
  opened = { apiUrl, onAnswer };
  noteInput.value = note;
  tagsInput.value = tags.join(", ");
  showErrors({});
  toggle(true);
  noteInput.focus();
  if (form.dataset.ready !== undefined) return;
  form.dataset.ready = "";
  form.addEventListener("submit", save);
  form.addEventListener("keydown", ({ key }) => key === "Escape" && toggle(false));
  byId("about-cancel").addEventListener("click", () => toggle(false));
}

function toggle(open) {
  byId("about-form").hidden = !open;
  byId("about-shown").hidden = open;
  if (!open) byId("edit-about").focus();
}

async function save(event) {
  event.preventDefault();
  const button = byId("about-save");
  button.disabled = true;
  const tags = byId("tags-input")
    .value.split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  try {
    opened.onAnswer(
      await request("PATCH", opened.apiUrl, { note: byId("note-input").value, tags }),
    );
    toggle(false);
  } catch ({ message, fields }) {
    showErrors(fields?.note || fields?.tags ? fields : { note: message, ...tagFault(fields) });
  }
  button.disabled = false;
}

/** A single tag's fault comes under its place in the list, such as `tags.3`. */
function tagFault(fields) {
  const found = Object.entries(fields ?? {}).find(([name]) => name.startsWith("tags"));
  return found ? { note: "", tags: found[1] } : {};
}

function showErrors({ note = "", tags = "" }) {
  setText(byId("note-error"), note);
  setText(byId("tags-error"), tags);
}
