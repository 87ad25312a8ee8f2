// The menu of rarer things: rename, extend the budget, delete. Errors stand beside the field.
import { request } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";
import { isFinal } from "../domain/reducer.js";

export function moreMenu(apiUrl, onAnswer) {
  let search = null;
  const form = (name, fill, send) => {
    const dialog = byId(`${name}-dialog`);
    const input = dialog.querySelector("input");
    const error = dialog.querySelector(".errors");
    byId(`do-${name}`).addEventListener("click", () => {
      byId("more-menu").hidePopover();
      input.value = fill(search);
      setText(error, "");
      dialog.showModal();
      input.select();
    });
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        onAnswer(await send(input.value));
        dialog.close();
      } catch ({ message, fields }) {
        setText(error, Object.values(fields ?? {})[0] ?? message);
      }
    });
  };
  form("rename", ({ name }) => name, (name) => request("PATCH", apiUrl, { name }));
  form("extend", ({ max_trials: most }) => most + Math.max(1, Math.round(most / 2)),
    (most) => request("POST", `${apiUrl}extend/`, { max_trials: Number(most) }));

  const menu = byId("more-menu");
  menu.addEventListener("toggle", () => placeBelow(menu, byId("more")));

  return (state) => {
    search = state.search;
    byId("more").hidden = !search.can.edit;
    byId("do-extend").disabled = ["failed", "cancelled"].includes(search.state);
    byId("delete-search").disabled = !isFinal(search.state);
  };
}

/** A popover lies over everything: it must be told where its button is. */
function placeBelow(menu, button) {
  const { left, bottom } = button.getBoundingClientRect();
  const most = document.documentElement.clientWidth - menu.offsetWidth - 8;
  menu.style.left = `${Math.max(8, Math.min(left, most))}px`;
  menu.style.top = `${bottom + 6}px`;
}
