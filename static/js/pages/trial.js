// The trial page: its network, how it grew step by step, and how it did.
import { initialState, reduce } from "../domain/trial.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { followRows } from "../lib/follow_rows.js";
import { createStore } from "../lib/store.js";
import { connectionView } from "../views/connection.js";
import { evidenceView } from "../views/evidence.js";
import { growthView } from "../views/trial_growth.js";
import { trialHead } from "../views/trial_head.js";

const page = pageJson("page-state");
const path = `searches/${page.search.id}`;
const store = createStore(initialState(page));

followRows(path, {
  store,
  reduce,
  read: () => getJson(`/api/v1/${path}/trials/${page.trial.number}/`),
  initialState,
  onConnection: connectionView(),
});

for (const view of [
  trialHead(),
  growthView((number) => `/${path}/trials/${number}/`),
  evidenceView(),
])
  store.add(view);
byId("trial").dataset.ready = "";
