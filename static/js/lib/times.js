// Shows every <time datetime="…"> in the reader's own zone, as all pages write times.

const LANGUAGE = "en-GB";
const DAY = { year: "numeric", month: "short", day: "numeric" };
const MINUTE = { ...DAY, hour: "2-digit", minute: "2-digit" };
const EXACT = { ...MINUTE, second: "2-digit", timeZoneName: "short" };

export function localTime(instant, { dayOnly = false, language = LANGUAGE, timeZone } = {}) {
  const form = new Intl.DateTimeFormat(language, { ...(dayOnly ? DAY : MINUTE), timeZone });
  return form.format(new Date(instant));
}

export function showLocalTimes(within = document) {
  for (const element of within.querySelectorAll("time[datetime]:not([data-local])")) {
    const instant = element.getAttribute("datetime");
    if (Number.isNaN(Date.parse(instant))) continue;
    element.dataset.local = "";
    element.textContent = localTime(instant, { dayOnly: element.dataset.form === "day" });
    element.title = new Intl.DateTimeFormat(LANGUAGE, EXACT).format(new Date(instant));
  }
}
