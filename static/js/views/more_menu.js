// What the menu of rarer things opens: share, rename, extend the budget. Errors stand beside the
// field. Loaded when the menu is opened for the first time.
import { request } from "../lib/api.js";
import { dialogForm } from "../lib/dialog_form.js";
import { byId } from "../lib/dom.js";

/** @param current () -> the search as it is now */
export function prepareMenu(apiUrl, onAnswer, current) {
  for (const name of ["rename", "extend"])
    byId(`do-${name}`).addEventListener("click", () => byId("more-menu").hidePopover());
  dialogForm(
    "rename",
    () => current().name,
    (name) => request("PATCH", apiUrl, { name }),
    onAnswer,
  );
  dialogForm(
    "extend",
    () => current().max_trials + Math.max(1, Math.round(current().max_trials / 2)),
    (most) => request("POST", `${apiUrl}extend/`, { max_trials: Number(most) }),
    onAnswer,
  );

  byId("do-share").addEventListener("click", async () => {
    byId("more-menu").hidePopover();
    const { openSharing } = await import("./sharing.js");
    openSharing(apiUrl);
  });
}
