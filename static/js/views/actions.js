// Pause, resume, stop, cancel: each says "requested" until the search has done it, and cannot be
// pressed twice meanwhile. Stop and cancel ask first.
import { isFinal } from "../domain/reducer.js";
import { postJson } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";

const WORDS = {
  pause: ["Pause", "Pausing…"], resume: ["Resume", "Resuming…"],
  stop: ["Stop…", "Stopping…"], cancel: ["Cancel…", "Cancelling…"],
};
const ASKED = { pause: "pause", stop: "stop", cancel: "cancel" };

/** @param onAnswer (search JSON) what the API answered: the state after the request */
export function actionsView(apiUrl, onAnswer) {
  const buttons = Object.keys(WORDS).map((name) => [name, byId(`do-${name}`)]);
  const sent = new Set();
  let search = null;

  const send = async (name) => {
    if (sent.has(name)) return;
    sent.add(name);
    draw({ search });
    setText(byId("action-error"), "");
    try {
      onAnswer(await postJson(`${apiUrl}${name}/`));
    } catch (error) {
      setText(byId("action-error"), error.message);
    }
    sent.delete(name);
    draw({ search });
  };

  for (const [name, button] of buttons) {
    button.addEventListener("click", async () => {
      const dialog = byId(`confirm-${name}`);
      if (!dialog || (await confirmed(dialog))) send(name);
    });
  }

  function draw(state) {
    search = state.search;
    for (const [name, button] of buttons) {
      const pending = sent.has(name) || search.requested === ASKED[name];
      const [word, doing] = WORDS[name];
      setText(button, pending ? doing : word);
      button.disabled = pending || !search.can[name];
      button.hidden = !search.can[name] && !pending;
    }
    byId("download").hidden = !search.can.download;
  }
  return draw;
}

/** The menu of rarer things; what it opens is loaded with it. */
export function moreMenu(apiUrl, onAnswer) {
  let search = null;
  const menu = byId("more-menu");
  menu.addEventListener("toggle", () => placeBelow(menu, byId("more")));
  menu.addEventListener("toggle", async () => {
    const { prepareMenu } = await import("./more_menu.js");
    prepareMenu(apiUrl, onAnswer, () => search);
    menu.dataset.ready = "";
  }, { once: true });
  return (state) => {
    ({ search } = state);
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

/** Whether the reader says yes; Escape says no. */
export function confirmed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
