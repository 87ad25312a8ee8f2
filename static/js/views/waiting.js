// What a search waits for, where nothing of it runs: its place in the queue, or that nobody works.
// Loaded when a search waits.
import { plural } from "../domain/format.js";
import { getJson } from "../lib/api.js";
import { byId, element } from "../lib/dom.js";

const ASK_MS = 10_000;

export function words({ workers_online: online, ahead }) {
  if (!online) return "No worker is online.";
  if (!ahead) return `Next in the queue; ${plural(online, "worker")} online.`;
  return `Place ${ahead + 1} in the queue, after ${plural(ahead, "training")} of this and other searches; ${plural(online, "worker")} online.`;
}

/** @returns (waits) to be told whether it waits */
export function waitingLine(apiUrl) {
  const line = byId("waiting-why");
  let [timer, waits] = [0, false];
  const ask = async () => {
    timer = setTimeout(ask, ASK_MS);
    if (document.hidden) return;
    const found = await getJson(`${apiUrl}waiting/`).catch(() => null);
    if (!found || !waits) return;
    const link = element("a", { href: "/workers/" }, found.workers_online ? "See the workers" : "See what is missing");
    line.replaceChildren(words(found), " ", link);
    line.hidden = false;
  };
  return (now) => {
    if (now === waits) return;
    waits = now;
    clearTimeout(timer);
    line.hidden = true;
    // Not at once: between two trials there is a moment in which nothing runs.
    if (waits) timer = setTimeout(ask, 1500);
  };
}
