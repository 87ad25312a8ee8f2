// Numbers and times as the page shows them. Accuracies are fractions; percent only here.

const THIN = "\u202f"; // a narrow space that does not break, between a number and its unit
export const NONE = "–";

/** 0.9463 is "94.63": the unit stands beside it, smaller. */
export const percent = (fraction, digits = 2) =>
  fraction == null || Number.isNaN(fraction) ? NONE : (100 * fraction).toFixed(digits);

/** A round number on an axis, with as many digits as the steps between ticks have. */
export function tick(value, ticks, scale = 1) {
  const step = ticks.length > 1 ? scale * Math.abs(ticks[1] - ticks[0]) : 1;
  const digits =
    [0, 1, 2].find((count) => Math.abs(Number(step.toFixed(count)) - step) < 1e-6) ?? 3;
  return (scale * value).toFixed(digits);
}

/** The same of an accuracy, in percent; an axis may end above 100 %, where no accuracy is. */
export const percentTick = (value, ticks) => (value > 1 + 1e-9 ? "" : tick(value, ticks, 100));

export const percentWithUnit = (fraction, digits = 2) =>
  fraction == null ? NONE : `${percent(fraction, digits)}${THIN}%`;

/**
 * An accuracy as [number, unit] with its standard error, if it is known of how many images: 0.9667
 * of 300 is ["96.7", "% ± 1.0"]. The engine's `number_and_noise` writes the same.
 */
export function withNoise(fraction, images) {
  if (fraction == null || !images) return [percent(fraction), fraction == null ? "" : "%"];
  const half = 1 / (2 * images);
  const share = Math.min(Math.max(fraction, half), 1 - half);
  const error = Math.sqrt((share * (1 - share)) / images);
  const digits = error < 0.001 ? 2 : 1;
  return [percent(fraction, digits), `% ± ${percent(error, digits)}`];
}

export const withNoiseText = (fraction, images) => withNoise(fraction, images).join(THIN).trim();

/** A difference of two fractions in points, with its sign: "+1.87". */
export function points(difference, digits = 2) {
  if (difference == null || Number.isNaN(difference)) return NONE;
  const text = percent(Math.abs(difference), digits);
  if (!Number(text)) return `±${text}`;
  return `${difference < 0 ? "−" : "+"}${text}`;
}

const COUNT_UNITS = ["", "K", "M", "G", "T"];

/** A count as [number, unit]: 612,345 is ["612", "K"], 1,230,000 is ["1.23", "M"]. */
export function counted(count) {
  if (count == null) return [NONE, ""];
  if (count < 999.5) return [String(Math.round(count)), ""];
  let exponent = Math.min(Math.floor(Math.log10(count) / 3), 4);
  if (Number((count / 1000 ** exponent).toPrecision(3)) >= 1000 && exponent < 4) exponent += 1;
  const short = count / 1000 ** exponent;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(short, 1))));
  return [short.toFixed(digits), COUNT_UNITS[exponent]];
}

export function shortCount(count) {
  const [number, unit] = counted(count);
  return unit ? `${number}${THIN}${unit}` : number;
}

/** A round count on an axis, without zeros that say nothing: "1.5 M". */
export function tickCount(count, ticks = []) {
  const [digits, unit] = counted(count);
  const number = ticks.length > 1 ? tick(count, ticks, 1000 ** -COUNT_UNITS.indexOf(unit)) : digits;
  const short = number.includes(".") ? number.replace(/\.?0+$/, "") : number;
  return unit ? `${short}${THIN}${unit}` : short;
}

/** A whole number in the reader's own grouping. */
export const whole = (count) => (count == null ? NONE : Math.round(count).toLocaleString("en"));

/** @type {[string, number][]} */
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** 0.00000041 is "4.1 × 10⁻⁷"; for what no digits and units say better. */
export function power(value) {
  const [digits, exponent] = value.toExponential(1).split("e");
  const raised = [...String(Number(exponent))]
    .map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]))
    .join("");
  return `${digits === "1.0" ? "" : `${digits} × `}10${raised}`;
}

/** A duration in its two largest units: "2 h 14 min", "4 min 2 s", "22 s", "0.8 s". */
export function duration(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}${THIN}s`;
  let left = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => left >= size);
  const parts = [];
  for (const [name, size] of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount || !parts.length) parts.push(`${amount}${THIN}${name}`);
  }
  return parts.join(" ");
}

/** A time that is still to come, as exact as it can be known: more would only flicker. */
export function remaining(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  const step = seconds < 120 ? 5 : seconds < 600 ? 30 : 60;
  return duration(Math.max(10, step * Math.round(seconds / step)));
}

/** A range of durations in [lead, rest]: ["2 h 40 min", "– 3 h 10 min"]. */
export function remainingRange(low, high) {
  if (low == null || high == null) return [NONE, ""];
  const [from, to] = [remaining(low), remaining(high)];
  return from === to ? [from, ""] : [from, `– ${to}`];
}

/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
/** @type {Intl.DateTimeFormatOptions} */
const DAY = { year: "numeric", month: "short", day: "numeric" };

/** The time of day in the reader's zone; `zone` is for tests. */
export const clock = (at, zone) =>
  new Intl.DateTimeFormat("en-GB", { ...CLOCK, timeZone: zone }).format(new Date(at));

/** Day and time in the reader's zone, with the zone's name. */
export const dateTime = (at, zone) =>
  new Intl.DateTimeFormat("en-GB", {
    ...DAY,
    ...CLOCK,
    timeZone: zone,
    timeZoneName: "short",
  }).format(new Date(at));

/** Today only the time, on other days the day too. */
export function shortTime(at, now = Date.now(), zone) {
  const day = (value) =>
    new Intl.DateTimeFormat("en-GB", { ...DAY, timeZone: zone }).format(new Date(value));
  const time = clock(at, zone).slice(0, 5);
  return day(at) === day(now) ? time : `${day(at)}, ${time}`;
}

export const plural = (count, word) => `${whole(count)} ${word}${count === 1 ? "" : "s"}`;

const STATES = {
  queued: "Queued",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};
export const stateName = (state) => STATES[state] ?? state;
