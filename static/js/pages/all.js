// What every page has.
import { startDialogs } from "../lib/dialogs.js";
import { startThemeButton } from "../lib/theme.js";
import { showLocalTimes } from "../lib/times.js";

startThemeButton(document.querySelector("#theme"));
startDialogs();
showLocalTimes();
// On a phone the sections scroll sideways: the one that the page belongs to is in sight.
document
  .querySelector(".bar nav [aria-current]")
  ?.scrollIntoView({ inline: "center", block: "nearest" });
