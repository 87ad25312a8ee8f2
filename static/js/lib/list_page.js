// The live part of a list's page.
import { getJson } from "./api.js";
import { Batch, MOST_IDS } from "./batch.js";
import { followList } from "./follow.js";
import { Rows } from "./rows.js";
import { freshPage, swap } from "./swap.js";

/** @param path below `/ws/lists/`; the rest is what `Rows` takes */
export function keepList(path, { rows, read, show, onConnection }) {
  const kept = new Rows({ rows, read, show });
  return keep(path, (ids) => kept.refresh(ids), onConnection);
}

/** Reads rows from the API: the page that `query` names, or some of all that its filter lets through. */
export const rowsOf = (url, query) => async (ids) => {
  const wanted = new URLSearchParams(query);
  if (ids) {
    wanted.delete("page");
    wanted.set("page_size", String(MOST_IDS));
    wanted.set("ids", ids.join());
  }
  return (await getJson(`${url}?${wanted}`)).results;
};

/**
 * A list that the server draws.
 * @param parts (ids, null for all) -> selectors of what is drawn anew, not what a reader fills in;
 *   all of `whole` where one is not there
 * @param drawn (page) once it has been
 */
export function keepDrawnList(path, { parts, whole, drawn = (_) => {}, onConnection }) {
  const refresh = async (ids) => {
    const page = await freshPage();
    const swapped = parts(ids).map((selector) => swap(page, selector));
    if (!swapped.every(Boolean)) swap(page, whole);
    drawn(document);
  };
  return keep(path, refresh, onConnection);
}

function keep(path, refresh, onConnection) {
  const batch = new Batch(refresh);
  document.addEventListener("visibilitychange", () => batch.look());
  return followList(path, {
    readAll: () => refresh(null),
    onChanged: (changes) => batch.changed(changes),
    onConnection,
  });
}
