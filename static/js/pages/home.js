// The home page: all searches, kept current by asking while the page is seen. Looking starts no work.
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { searchList } from "../views/search_list.js";

const ASK_MS = 3_000;
const show = searchList(byId("searches"));
const { searches, query } = pageJson("page-state");
show(searches);

async function refresh() {
  if (document.hidden) return;
  try {
    const { results } = await getJson(`/api/v1/searches/?${query}`);
    show(results);
    byId("connection").hidden = true;
  } catch (error) {
    byId("connection").hidden = false;
    byId("connection").textContent = error.status === 401 || error.status === 403
      ? "You are signed out. Sign in to go on." : "No connection to the server. Trying again…";
  }
}

setInterval(refresh, ASK_MS);
document.addEventListener("visibilitychange", refresh);
