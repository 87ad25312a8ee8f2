// The live search page: reads its state from the page, then follows the search's events.
import { percentWithUnit, plural, stateName } from "../domain/format.js";
import { initialState, reduce, withEarlierLog } from "../domain/reducer.js";
import { completed } from "../domain/stats.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { LiveFeed } from "../lib/socket.js";
import { createStore } from "../lib/store.js";
import { actionsView } from "../views/actions.js";
import { bestView } from "../views/best.js";
import { accuracyChart, paretoChart } from "../views/charts.js";
import { announcer, connectionView } from "../views/connection.js";
import { growingView } from "../views/growing.js";
import { headerView } from "../views/header.js";
import { logView } from "../views/log.js";
import { moreMenu } from "../views/more_menu.js";
import { entropyChart, rewardChart, sharesChart } from "../views/strategy_charts.js";
import { tableView } from "../views/trial_table.js";

const LOG_EVENTS = 500;

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
  let next = reduce(store.state, events, { complete });
  if (state && !next.gap && next.search.state !== state) next = { ...next, search: { ...next.search, state } };
  store.set(next);
  return next.gap;
}

/** The whole state anew: the page fell too far behind for a replay. */
async function reload() {
  const fresh = initialState(await getJson(`${apiUrl}live/`), Date.now());
  store.set({ ...fresh, log: store.state.log });
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
  onReload: () => reload().catch(() => feed.lose()),
});

/** Every chart reads the trials in order and those that are completed. */
function chartsView() {
  const charts = [accuracyChart(trialUrl), paretoChart(trialUrl), sharesChart(), rewardChart(trialUrl), entropyChart()];
  return ({ search, trials }) => {
    const list = [...trials.values()].sort((a, b) => a.number - b.number);
    const context = { search, list, ended: completed(list), start: search.start_accuracy };
    for (const chart of charts) chart(context);
  };
}

const announce = announcer();
const views = [
  headerView(trialUrl, now), actionsView(apiUrl, answer), moreMenu(apiUrl, answer), bestView(trialUrl), growingView(trialUrl),
  chartsView(), tableView(trialUrl), logView(),
  (state) => announce(state, () => summary(store.state)),
];
for (const view of views) store.add(view);
byId("search").dataset.ready = "";

feed.start();
addEventListener("offline", () => feed.lose());
addEventListener("online", () => feed.wake());
document.addEventListener("visibilitychange", () => document.hidden || feed.wake());

// The log's past is read after the page has been drawn.
const since = Math.max(0, page.sequence - LOG_EVENTS);
eventsAfter(since).then(
  (events) => store.set(withEarlierLog(store.state, events)),
  () => {}, // without it the log begins now
);
