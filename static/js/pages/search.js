// The live search page: reads its state from the page, then follows the search's events.
import { plural, stateName, withNoiseText } from "../domain/format.js";
import { initialState, reduce, withEarlierLog } from "../domain/reducer.js";
import { lacksWorker } from "../domain/stats.js";
import { completeState } from "../domain/summaries.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson, setAttributes, setText } from "../lib/dom.js";
import { eventsAfter, followTopic } from "../lib/follow.js";
import { createStore, later } from "../lib/store.js";
import { aboutView } from "../views/about.js";
import { actionsView, moreMenu } from "../views/actions.js";
import { announcer, connectionView } from "../views/connection.js";
import { findings } from "../views/findings.js";
import { growingView } from "../views/growing.js";
import { logView } from "../views/log.js";

const LOG_EVENTS = 300;
const READ_AGAIN_MS = 3000;

const page = pageJson("page-state");
const { id } = page.search;
const path = `searches/${id}`;
const apiUrl = `/api/v1/${path}/`;
const trialUrl = (number) => `/searches/${id}/trials/${number}/`;
const readTrial = async (number) => (await getJson(`${apiUrl}trials/${number}/`)).trial;
const store = createStore(initialState(page, Date.now()));
const now = () => Date.now();

/** Take events; true says that a number is missing. */
function take(events, { complete, can, search_state: state }) {
  if (reading) late.push(...events);
  let next = reduce(store.state, events, { complete, can });
  if (state && !next.gap && next.search.state !== state)
    next = { ...next, search: { ...next.search, state } };
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
  if (search?.id)
    store.set({
      ...store.state,
      search: { ...store.state.search, ...search, elapsed_at: Date.now() },
    });
}

function summary({ search }) {
  const ended = search.trials_completed + search.trials_failed;
  const best = search.best_trial
    ? `Best ${withNoiseText(search.best_accuracy, search.validation_images)}, trial ${search.best_trial}. `
    : "";
  return `${stateName(search.state)}. ${best}${ended} of ${plural(search.max_trials, "trial")}.`;
}

/** What it waits for: asked for, and loaded, only where it waits. */
async function waitingView() {
  const { waitingLine } = await import("../views/waiting.js");
  const tell = waitingLine(apiUrl);
  return (state) => tell(lacksWorker(state));
}

/** What only a page with a server has beside its table. */
function offerFiles() {
  for (const kind of ["csv", "json"])
    setAttributes(byId(`rows-${kind}`), { href: `${apiUrl}trials.${kind}`, hidden: null });
  const keeps = byId("rows-keeps");
  keeps.hidden = false;
  setText(
    keeps,
    `Checkpoints are kept of the best ${page.search.config.keep} and of pinned trials; ` +
      "the others go when a better one comes.",
  );
}

const announce = announcer();
const log = logView();
const views = [
  ...findings({ trialUrl, readTrial, now }),
  actionsView(apiUrl, answer),
  moreMenu(apiUrl, answer),
  aboutView(apiUrl, answer),
  growingView(trialUrl),
  later(lacksWorker, waitingView),
  ({ log: lines, search }) => log(lines, search.validation_images),
  ({ search, trials }) =>
    announce(`${search.state} ${search.trials_completed} ${search.best_trial} ${trials.size}`, () =>
      summary(store.state),
    ),
];
for (const view of views) store.add(view);
offerFiles();
byId("search").dataset.ready = "";

const feed = followTopic(path, {
  sequence: () => store.state.sequence,
  onEvents: take,
  onConnection: connectionView(),
  onReload: () => readAll().catch(() => feed.lose()),
});

if (store.state.partial) readRest();

// The log's past is read after the page has been drawn.
const since = Math.max(0, page.sequence - LOG_EVENTS);
eventsAfter(path, since, LOG_EVENTS).then(
  ({ events }) => store.set(withEarlierLog(store.state, events)),
  () => {}, // without it the log begins now
);
