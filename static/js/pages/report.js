// A search as one file: the views of its page, over data that stand still.
import { initialState } from "../domain/reducer.js";
import { expand } from "../domain/summaries.js";
import { byId, pageJson } from "../lib/dom.js";
import { startThemeButton } from "../lib/theme.js";
import { findings } from "../views/findings.js";

const page = pageJson("page-state");
const opened = Date.now();
const state = initialState({ ...page, trials: expand(page) }, opened);
const views = findings({
  trialUrl: (number) => `#trial-${number}`,
  readTrial: (number) => state.trials.get(number),
  now: () => opened,
});
byId("growing-section").remove();
startThemeButton(byId("theme"));
for (const view of views) view(state);
byId("main").dataset.ready = "";
