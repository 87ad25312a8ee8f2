// Note and tags of a search: shown to all who see it, edited in place by its owner.
import { byId, element, refill, setText } from "../lib/dom.js";

export function aboutView(apiUrl, onAnswer) {
  const [section, tags, note, edit] = ["about", "tags", "note", "edit-about"].map(byId);
  let search = null;
  edit?.addEventListener("click", async () => {
    const { editAbout } = await import("./about_form.js");
    editAbout(search, apiUrl, onAnswer);
  });
  return (state) => {
    ({ search } = state);
    refill(tags, search.tags.join("\n"), () => search.tags.map(tagItem));
    setText(note, search.note);
    const empty = !search.note && !search.tags.length;
    section.hidden = empty && !edit;
    if (edit) setText(edit, empty ? "Add a note or tags" : "Edit");
  };
}

export const tagItem = (tag) =>
  element("li", {}, element("a", { class: "tag", href: `/?tag=${encodeURIComponent(tag)}` }, tag));
