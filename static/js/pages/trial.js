// The trial page: its network, how it grew step by step, and how it did.
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { evidenceView } from "../views/evidence.js";
import { trialHead } from "../views/trial_head.js";
import { growthView } from "../views/trial_growth.js";

const ASK_MS = 2_000;
const page = pageJson("page-state");
const views = [trialHead(), growthView(), evidenceView()];
const show = (state) => views.forEach((view) => view(state));
let state = page;
show(state);
byId("trial").dataset.ready = "";

const isOpen = () => ["queued", "running"].includes(state.trial.state);

/** A trial that is not over yet is asked for again while the page is seen. */
async function refresh() {
  if (document.hidden || !isOpen()) return;
  try {
    state = { ...state, ...(await getJson(`/api/v1/searches/${page.search.id}/trials/${page.trial.number}/`)) };
    byId("connection").hidden = true;
    show(state);
  } catch {
    byId("connection").hidden = false;
  }
}

setInterval(refresh, ASK_MS);
document.addEventListener("visibilitychange", refresh);
