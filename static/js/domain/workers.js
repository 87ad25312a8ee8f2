// Workers in words and numbers.
import { duration, NONE, plural } from "./format.js";

const GIB = 2 ** 30;

/** "3.2 of 78 GB", or none where the device does not say. */
export function memory({ memory_used_bytes: used, memory_total_bytes: total }) {
  if (used == null || !total) return [NONE, ""];
  const short = (bytes) =>
    bytes < 10 * GIB ? (bytes / GIB).toFixed(1) : String(Math.round(bytes / GIB));
  return [short(used), `of ${short(total)} GiB`];
}

export const share = (fraction) =>
  fraction == null ? [NONE, ""] : [String(Math.round(100 * fraction)), "%"];
export const heat = (celsius) =>
  celsius == null ? [NONE, ""] : [String(Math.round(celsius)), "°C"];

/** How long ago it was heard of; `since` seconds after the server said. */
export function heard({ online, heartbeat_age_seconds: age }, since = 0) {
  const seconds = Math.max(0, age + since);
  const ago = seconds < 10 ? `${Math.round(seconds)} s` : duration(Math.round(seconds));
  return online ? `Heard ${ago} ago` : `Last heard ${ago} ago`;
}

export function summary(workers) {
  const training = workers.filter(({ trains }) => trains);
  const online = training.filter((worker) => worker.online);
  const busy = online.filter(({ work }) => work);
  const offline = workers.filter((worker) => !worker.online).length;
  const parts = [
    `${plural(online.length, "worker")} online that ${online.length === 1 ? "trains" : "train"}`,
    `${busy.length} busy`,
  ];
  return [...parts, offline && `${offline} offline`].filter(Boolean).join(" · ");
}
