// What every page has.
import { startDialogs } from "../lib/dialogs.js";
import { startThemeButton } from "../lib/theme.js";
import { showLocalTimes } from "../lib/times.js";

startThemeButton(document.querySelector("#theme"));
startDialogs();
showLocalTimes();
