// What can be asked of a search, and the menu of rarer things.
import { byId } from "../lib/dom.js";
import { requestButtons } from "./request_buttons.js";

const WORDS = {
  pause: ["Pause", "Pausing…"],
  resume: ["Resume", "Resuming…"],
  stop: ["Stop…", "Stopping…"],
  cancel: ["Cancel…", "Cancelling…"],
};

export function actionsView(apiUrl, onAnswer) {
  const draw = requestButtons(apiUrl, WORDS, onAnswer);
  return ({ search }) => {
    draw(search);
    byId("download").hidden = !search.can.download;
    byId("grow-further").hidden = !(search.can.download && search.state === "completed");
  };
}

/** The menu of rarer things. It opens once what it opens is loaded, so that no click is lost. */
export function moreMenu(apiUrl, onAnswer) {
  let search = null;
  const [menu, button] = [byId("more-menu"), byId("more")];
  menu.addEventListener("toggle", () => placeBelow(menu, button));
  button.addEventListener(
    "click",
    async (event) => {
      event.preventDefault();
      const { prepareMenu } = await import("./more_menu.js");
      prepareMenu(apiUrl, onAnswer, () => search);
      menu.showPopover();
    },
    { once: true },
  );
  return (state) => {
    ({ search } = state);
    button.hidden = !search.can.edit;
    byId("do-extend").disabled = !search.can.extend;
    byId("delete-search").disabled = !search.can.delete;
  };
}

/** A popover lies over everything: it must be told where its button is. */
function placeBelow(menu, button) {
  const { left, bottom } = button.getBoundingClientRect();
  const most = document.documentElement.clientWidth - menu.offsetWidth - 8;
  menu.style.left = `${Math.max(8, Math.min(left, most))}px`;
  menu.style.top = `${bottom + 6}px`;
}
