// The page of workers: asks again while it is seen; ages go on between the answers.
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { workerList } from "../views/worker_list.js";

const ASK_MS = 3_000;
const show = workerList(byId("workers"));
let state = { workers: pageJson("page-state").workers, at: Date.now() };
const draw = () => show(state.workers, (Date.now() - state.at) / 1000);
draw();

async function refresh() {
  if (document.hidden) return;
  try {
    const { results } = await getJson("/api/v1/workers/?page_size=200");
    state = { workers: results, at: Date.now() };
    byId("connection").hidden = true;
    draw();
  } catch (error) {
    byId("connection").hidden = false;
    byId("connection").textContent = error.status === 401 || error.status === 403
      ? "You are signed out. Sign in to go on." : "No connection to the server. Trying again…";
  }
}

setInterval(refresh, ASK_MS);
setInterval(draw, 1_000);
document.addEventListener("visibilitychange", refresh);
