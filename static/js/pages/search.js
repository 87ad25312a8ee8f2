// The live search page: reads its state from the page, then follows the search's events.
import { percentWithUnit, plural, stateName } from "../domain/format.js";
import { initialState, reduce, withEarlierLog } from "../domain/reducer.js";
import { completed, lacksWorker } from "../domain/stats.js";
import { completeState } from "../domain/summaries.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { LiveFeed } from "../lib/socket.js";
import { createStore } from "../lib/store.js";
import { aboutView } from "../views/about.js";
import { actionsView, moreMenu } from "../views/actions.js";
import { bestView } from "../views/best.js";
import { accuracyChart, paretoChart } from "../views/charts.js";
import { announcer, connectionView } from "../views/connection.js";
import { growingView } from "../views/growing.js";
import { headerView } from "../views/header.js";
import { logView } from "../views/log.js";
import { entropyChart, rewardChart, sharesChart } from "../views/strategy_charts.js";
import { tableView } from "../views/trial_table.js";

const LOG_EVENTS = 300;
const READ_AGAIN_MS = 3000;

const page = pageJson("page-state");
const { id } = page.search;
const apiUrl = `/api/v1/searches/${id}/`;
const trialUrl = (number) => `/searches/${id}/trials/${number}/`;
const store = createStore(initialState(page, Date.now()));
const now = () => Date.now();

const eventsAfter = async (after, limit = LOG_EVENTS) =>
  (await getJson(`${apiUrl}events/?after=${after}&limit=${limit}`)).events;

/** Take events; true says that a number is missing. */
function take(events, { complete = false, state } = {}) {
  if (reading) late.push(...events);
  let next = reduce(store.state, events, { complete });
  if (state && !next.gap && next.search.state !== state) next = { ...next, search: { ...next.search, state } };
  store.set(next);
  return next.gap;
}

let reading = false;
let late = []; // what came while all trials were read: it may be in them or not

/** All trials anew: at first the page has only some, and later it may fall too far behind for a replay. */
async function readAll() {
  if (reading) return;
  [reading, late] = [true, []];
  try {
    const summaries = await getJson(`${apiUrl}summaries/`);
    store.set(completeState(store.state, summaries, late, Date.now()));
  } finally {
    reading = false;
  }
}

/** Until it has worked: charts and table wait for it. */
async function readRest() {
  await readAll().catch(() => setTimeout(readRest, READ_AGAIN_MS));
}

/** What the API says of the search after an action; the events that follow say the same. */
function answer(search) {
  if (search?.id) store.set({ ...store.state, search: { ...store.state.search, ...search, elapsed_at: Date.now() } });
}

function summary({ search }) {
  const ended = search.trials_completed + search.trials_failed;
  const best = search.best_trial
    ? `Best ${percentWithUnit(search.best_accuracy)}, trial ${search.best_trial}. ` : "";
  return `${stateName(search.state)}. ${best}${ended} of ${plural(search.max_trials, "trial")}.`;
}

const feed = new LiveFeed({
  socketUrl: (after) => {
    const url = new URL(`/ws/searches/${id}/?after=${after}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  },
  fetchEvents: (after) => eventsAfter(after),
  sequence: () => store.state.sequence,
  onEvents: take,
  onConnection: connectionView(),
  onReload: () => readAll().catch(() => feed.lose()),
});

/** Every chart reads the trials in order and those that are completed. */
function chartsView() {
  const charts = [accuracyChart(trialUrl), paretoChart(trialUrl), sharesChart(), rewardChart(trialUrl), entropyChart()];
  return ({ search, trials, partial, total }) => {
    const list = [...trials.values()].sort((a, b) => a.number - b.number);
    const context = { search, list, partial, total, ended: completed(list), start: search.start_accuracy };
    for (const chart of charts) chart(context);
  };
}

/** What it waits for: asked for, and loaded, only where it waits. */
function waitingView() {
  let line = null;
  return (state) => {
    const waits = lacksWorker(state);
    if (waits) line ??= import("../views/waiting.js").then(({ waitingLine }) => waitingLine(apiUrl));
    line?.then((tell) => tell(lacksWorker(store.state)));
  };
}

const announce = announcer();
const views = [
  headerView(trialUrl, now), actionsView(apiUrl, answer), moreMenu(apiUrl, answer), aboutView(apiUrl, answer), bestView(trialUrl), growingView(trialUrl), waitingView(),
  chartsView(), tableView(trialUrl), logView(),
  (state) => announce(state, () => summary(store.state)),
];
for (const view of views) store.add(view);
byId("search").dataset.ready = "";

feed.start();
addEventListener("offline", () => feed.lose());
addEventListener("online", () => feed.wake());
document.addEventListener("visibilitychange", () => document.hidden || feed.wake());

if (store.state.partial) readRest();

// The log's past is read after the page has been drawn.
const since = Math.max(0, page.sequence - LOG_EVENTS);
eventsAfter(since).then(
  (events) => store.set(withEarlierLog(store.state, events)),
  () => {}, // without it the log begins now
);
