// What a search waits for, where nothing of it runs: its place in the queue, or that nobody works.
// Loaded when a search waits.
import { plural } from "../domain/format.js";
import { getJson } from "../lib/api.js";
import { byId, element } from "../lib/dom.js";
import { followList } from "../lib/follow.js";

export function words({ workers_online: online, ahead }) {
  if (!online) return "No worker is online.";
  if (!ahead) return `Next in the queue; ${plural(online, "worker")} online.`;
  return `Place ${ahead + 1} in the queue; ${plural(online, "worker")} online.`;
}

/** @returns (waits) to be told whether it waits */
export function waitingLine(apiUrl) {
  const line = byId("waiting-why");
  let [timer, waits, feed] = [0, false, null];
  const ask = async () => {
    if (document.hidden || !waits) return;
    const found = await getJson(`${apiUrl}waiting/`).catch(() => null);
    if (!found || !waits) return;
    const link = element(
      "a",
      { href: "/workers/" },
      found.workers_online ? "See the workers" : "See what is missing",
    );
    line.replaceChildren(words(found), " ", link);
    line.hidden = false;
  };
  // Whatever a worker begins or ends moves the queue, and the list of workers tells of it.
  const follow = () => {
    ask();
    feed ??= followList("workers", { readAll: ask, onChanged: ask, onConnection: () => {} });
  };
  document.addEventListener("visibilitychange", ask);
  return (now) => {
    if (now === waits) return;
    waits = now;
    clearTimeout(timer);
    line.hidden = true;
    // Not at once: between two trials there is a moment in which nothing runs.
    if (waits) timer = setTimeout(follow, 1500);
  };
}
