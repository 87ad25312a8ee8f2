// The list of final trainings, kept current by asking while the page is seen. Looking starts no work.
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { finalList } from "../views/final_list.js";

const ASK_MS = 3_000;
const page = pageJson("page-state");
const show = finalList(byId("trainings"));
show(page.trainings);

async function refresh() {
  if (document.hidden) return;
  try {
    const { results } = await getJson(`/api/v1/final-trainings/?page_size=50&page=${page.page}`);
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
