// Says when what is shown may be old, and why; and that it is live again.
import { clock } from "../domain/format.js";
import { byId, element } from "../lib/dom.js";

const SAYS = {
  reconnecting: "Reconnecting…",
  polling: "Reconnecting… Until then the page asks every 3 seconds.",
  signed_out: "You are signed out.",
  gone: "It is no longer there, or not yours to see any longer.",
};

/** @returns (connection, as a feed says it) */
export function connectionView() {
  const banner = byId("connection");
  const dot = byId("live");
  let lastLive = Date.now();
  let before = "live"; // the page itself was fresh when it came
  return (connection) => {
    if (before === "live") lastLive = Date.now();
    before = connection;
    if (dot) {
      dot.dataset.connection = connection;
      dot.textContent = { live: "Live", connecting: "Connecting" }[connection] ?? "Not live";
    }
    const text =
      connection === "offline"
        ? `No connection to the server. This is how it was at ${clock(lastLive)}.`
        : SAYS[connection];
    const link =
      connection === "signed_out" &&
      element("a", { href: `/sign-in/?next=${encodeURIComponent(location.pathname)}` }, "Sign in");
    banner.replaceChildren(...[text, link && " ", link].filter(Boolean));
    banner.hidden = !text;
  };
}

const QUIET_MS = 10_000;

/**
 * Tells screen readers what has happened, at most every ten seconds.
 * @returns (what to compare with the last time, () -> what to say if it is another)
 */
export function announcer() {
  const region = byId("announcer");
  let waiting = 0;
  let before = null;
  return (now, sentence) => {
    if (before === null) before = now;
    if (now === before || waiting) return;
    waiting = setTimeout(() => {
      waiting = 0;
      before = now;
      region.textContent = sentence();
    }, QUIET_MS);
  };
}
