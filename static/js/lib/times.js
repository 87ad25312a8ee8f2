// Shows every <time datetime="…"> in the reader's own zone, as all pages write times.

const LANGUAGE = "en-GB";
/** @type {Intl.DateTimeFormatOptions} */
const DAY = { year: "numeric", month: "short", day: "numeric" };
/** @type {Intl.DateTimeFormatOptions} */
const MINUTE = { ...DAY, hour: "2-digit", minute: "2-digit" };
/** @type {Intl.DateTimeFormatOptions} */
const EXACT = { ...MINUTE, second: "2-digit", timeZoneName: "short" };

/** `timeZone` is for tests: it is the reader's. */
export function localTime(
  instant,
  { dayOnly = false, language = LANGUAGE, timeZone = undefined } = {},
) {
  const form = new Intl.DateTimeFormat(language, { ...(dayOnly ? DAY : MINUTE), timeZone });
  return form.format(new Date(instant));
}

export function showLocalTimes(within = document) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = within.querySelectorAll("time[datetime]:not([data-local])");
  for (const element of times) {
    const instant = element.getAttribute("datetime");
    if (Number.isNaN(Date.parse(instant))) continue;
    element.dataset.local = "";
    element.textContent = localTime(instant, { dayOnly: element.dataset.form === "day" });
    element.title = new Intl.DateTimeFormat(LANGUAGE, EXACT).format(new Date(instant));
  }
}
