// The live page of a final training: reads its state from the page, then follows its search's events.
import { percentWithUnit, stateName } from "../domain/format.js";
import { initialState, reduce, withEarlierLog } from "../domain/final_training.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { LiveFeed } from "../lib/socket.js";
import { createStore } from "../lib/store.js";
import { announcer, connectionView } from "../views/connection.js";
import { finalActions } from "../views/final_actions.js";
import { finalCurves } from "../views/final_curves.js";
import { finalHead } from "../views/final_head.js";
import { finalResult } from "../views/final_result.js";
import { logView } from "../views/log.js";

const LOG_EVENTS = 500;

const page = pageJson("page-state");
const apiUrl = `/api/v1/final-trainings/${page.training.id}/`;
const searchUrl = `/api/v1/searches/${page.search}/`;
const store = createStore(initialState(page, Date.now()));

const eventsAfter = async (after, limit = LOG_EVENTS) =>
  (await getJson(`${searchUrl}events/?after=${after}&limit=${limit}`)).events;

/** Take events; true says that a number is missing. */
function take(events, { complete = false } = {}) {
  const next = reduce(store.state, events, { complete });
  store.set(next);
  if (next.stale) reload().catch(() => feed.lose());
  return next.gap;
}

let reading = false;

/** The whole state anew: events alone do not tell all. What comes meanwhile is told again. */
async function reload() {
  if (reading) return;
  reading = true;
  try {
    const fresh = initialState(await getJson(`${apiUrl}live/`), Date.now());
    store.set({ ...fresh, log: store.state.log });
  } finally {
    reading = false;
  }
}

/** What the API says of the training after an action; the events that follow say the same. */
function answer(training) {
  if (training?.id) store.set({ ...store.state, training: { ...store.state.training, ...training, elapsed_at: Date.now() } });
}

function summary({ training }) {
  const tested = training.test_accuracy == null ? "" : `Test accuracy ${percentWithUnit(training.test_accuracy)}. `;
  return `${stateName(training.state)}. ${tested}${training.epochs_done} of ${training.epochs} epochs.`;
}

const feed = new LiveFeed({
  socketUrl: (after) => {
    const url = new URL(`/ws/searches/${page.search}/?after=${after}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  },
  fetchEvents: (after) => eventsAfter(after),
  sequence: () => store.state.sequence,
  onEvents: take,
  onConnection: connectionView(),
  onReload: () => reload().catch(() => feed.lose()),
});

const announce = announcer();
const log = logView();
const views = [
  finalHead(() => Date.now()), finalActions(apiUrl, answer), finalCurves(), finalResult(),
  (state) => log({ log: state.log, search: {} }),
  ({ training }) => announce(
    { search: { state: training.state, trials_completed: training.epochs_done, best_trial: training.test_accuracy }, trials: new Map() },
    () => summary(store.state),
  ),
];
for (const view of views) store.add(view);
byId("training").dataset.ready = "";

feed.start();
addEventListener("offline", () => feed.lose());
addEventListener("online", () => feed.wake());
document.addEventListener("visibilitychange", () => document.hidden || feed.wake());

// The log's past is read after the page has been drawn.
eventsAfter(Math.max(0, page.sequence - LOG_EVENTS)).then(
  (events) => store.set(withEarlierLog(store.state, events)),
  () => {}, // without it the log begins now
);
