// The live page of a final training: reads its state from the page, then follows its search's events.
import { percentWithUnit, stateName } from "../domain/format.js";
import { initialState, reduce, withEarlierLog } from "../domain/final_training.js";
import { getJson } from "../lib/api.js";
import { byId, pageJson } from "../lib/dom.js";
import { eventsAfter } from "../lib/follow.js";
import { followRows } from "../lib/follow_rows.js";
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
const path = `searches/${page.search}`;
const store = createStore(initialState(page, Date.now()));

/** What the API says of the training after an action; the events that follow say the same. */
function answer(training) {
  if (training?.id)
    store.set({
      ...store.state,
      training: { ...store.state.training, ...training, elapsed_at: Date.now() },
    });
}

function summary({ training }) {
  const tested =
    training.test_accuracy == null
      ? ""
      : `Test accuracy ${percentWithUnit(training.test_accuracy)}. `;
  return `${stateName(training.state)}. ${tested}${training.epochs_done} of ${training.epochs} epochs.`;
}

const announce = announcer();
const log = logView();
const views = [
  finalHead(() => Date.now()),
  finalActions(apiUrl, answer),
  finalCurves(),
  finalResult(),
  ({ log: lines }) => log(lines),
  ({ training }) =>
    announce(`${training.state} ${training.epochs_done} ${training.test_accuracy}`, () =>
      summary(store.state),
    ),
];
for (const view of views) store.add(view);
byId("training").dataset.ready = "";

followRows(path, {
  store,
  reduce,
  read: () => getJson(`${apiUrl}live/`),
  initialState: (fresh, before) => initialState(fresh, Date.now(), before),
  onConnection: connectionView(),
});

// The log's past is read after the page has been drawn.
eventsAfter(path, Math.max(0, page.sequence - LOG_EVENTS), LOG_EVENTS).then(
  ({ events }) => store.set(withEarlierLog(store.state, events)),
  () => {}, // without it the log begins now
);
