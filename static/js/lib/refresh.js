// What is kept current by asking while the page is seen. Looking starts no work.
import { getJson } from "./api.js";
import { byId } from "./dom.js";

const ASK_MS = 3_000;
const PATIENCE_MS = 15_000; // a line that is dead may never say so
const [SIGNED_OUT, SILENCE] = [{ status: 401 }, { status: 0 }];

/** Says that what is shown may be old, and why; nothing where the server has answered. */
export function showConnection(error) {
  const banner = byId("connection");
  banner.hidden = !error;
  if (error) banner.textContent = connectionText(error);
}

export const connectionText = ({ status }) =>
  status === 401 || status === 403 ? "You are signed out. Sign in to go on."
    : status === 404 ? "It is no longer there, or not yours to see any longer."
      : "No connection to the server. Trying again…";

/** Answers after which asking again is of no use. */
const isFinal = ({ status }) => [401, 403, 404].includes(status);

/** @param show (results) draws a page of the list at `path` */
export function keepCurrent(path, show) {
  async function refresh() {
    if (document.hidden) return;
    try {
      show((await getJson(path)).results);
      showConnection(null);
    } catch (error) {
      showConnection(error);
    }
  }
  setInterval(refresh, ASK_MS);
  document.addEventListener("visibilitychange", refresh);
}

/**
 * Ask for as long as something is under way and the page is seen; a connection that is lost and
 * comes back loses nothing.
 *
 * @param read async () -> what the server says
 * @param show (what it says) -> whether to ask again
 * @returns {() => Promise<void>} ask at once, also where asking had ended
 */
export function follow(read, show, { everyMs, lostMs = ASK_MS, say = showConnection, parts = {} }) {
  const { later, never, isHidden, onReturn } = { ...inBrowser, ...parts };
  let [timer, latest, waits] = [null, 0, false];

  async function ask() {
    never(timer);
    waits = false;
    latest += 1;
    const mine = latest;
    let [found, fault] = [null, null];
    try {
      found = await inTime(read());
      // A page's address answers who is signed out with the page where one signs in.
      if (found === null) fault = SIGNED_OUT;
    } catch (error) {
      fault = error;
    }
    if (mine !== latest) return; // it was asked again meanwhile: this may be old
    say(fault);
    if (fault ? !isFinal(fault) : show(found)) askAfter(fault ? lostMs : everyMs);
  }

  function inTime(reading) {
    let patience = null;
    const silence = new Promise((_, reject) => { patience = later(() => reject(SILENCE), PATIENCE_MS); });
    return Promise.race([reading, silence]).finally(() => never(patience));
  }

  function askAfter(delay) {
    waits = true;
    timer = later(() => isHidden() || ask(), delay);
  }

  onReturn(() => waits && !isHidden() && ask());
  ask();
  return ask;
}

const inBrowser = {
  later: (action, delay) => setTimeout(action, delay),
  never: (timer) => clearTimeout(timer),
  isHidden: () => document.hidden,
  onReturn: (action) => {
    document.addEventListener("visibilitychange", action);
    addEventListener("online", action);
  },
};
