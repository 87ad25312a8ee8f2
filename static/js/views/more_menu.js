// What the menu of rarer things opens: share, rename, extend the budget. Errors stand beside the
// field. Loaded when the menu is opened for the first time.
import { request } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";

/** @param current () -> the search as it is now */
export function prepareMenu(apiUrl, onAnswer, current) {
  const form = (name, fill, send) => {
    const dialog = byId(`${name}-dialog`);
    const input = dialog.querySelector("input");
    const error = dialog.querySelector(".errors");
    byId(`do-${name}`).addEventListener("click", () => {
      byId("more-menu").hidePopover();
      input.value = fill(current());
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
  form(
    "rename",
    ({ name }) => name,
    (name) => request("PATCH", apiUrl, { name }),
  );
  form(
    "extend",
    ({ max_trials: most }) => most + Math.max(1, Math.round(most / 2)),
    (most) => request("POST", `${apiUrl}extend/`, { max_trials: Number(most) }),
  );

  byId("do-share").addEventListener("click", async () => {
    byId("more-menu").hidePopover();
    const { openSharing } = await import("./sharing.js");
    openSharing(apiUrl);
  });
}
