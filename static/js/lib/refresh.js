// Lists that are kept current by asking while the page is seen. Looking starts no work.
import { getJson } from "./api.js";
import { byId } from "./dom.js";

const ASK_MS = 3_000;

/** @param show (results) draws a page of the list at `path` */
export function keepCurrent(path, show) {
  async function refresh() {
    if (document.hidden) return;
    try {
      show((await getJson(path)).results);
      byId("connection").hidden = true;
    } catch (error) {
      byId("connection").hidden = false;
      byId("connection").textContent = error.status === 401 || error.status === 403
        ? "You are signed out. Sign in to go on." : "No connection to the server. Trying again…";
    }
  }
  setInterval(refresh, ASK_MS);
  document.addEventListener("visibilitychange", refresh);
}
