// The log: what has happened, newest below; it follows while the reader is at its end.
import { level, sentence } from "../domain/activity.js";
import { clock, dateTime, plural } from "../domain/format.js";
import { byId, element, setText } from "../lib/dom.js";

const MOST = 150;

export function logView() {
  const list = byId("log");
  const more = byId("log-more");
  const waiting = byId("log-waiting");
  let first = null;
  let last = 0;
  let unseen = 0;
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  const toEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  const seen = () => {
    unseen = 0;
    more.hidden = true;
  };
  list.addEventListener("scroll", () => atEnd() && seen());
  more.addEventListener("click", toEnd);

  return (log, validationImages = null) => {
    waiting.hidden = log.length > 0;
    if (!log.length || (log.at(-1).sequence === last && log[0].sequence === first)) return;
    const follows = atEnd() || first === null;
    // Earlier lines came in front, or the first have fallen out: then all is written anew.
    const anew = first === null || log[0].sequence < first;
    const lines = anew ? log.slice(-MOST) : log.filter(({ sequence }) => sequence > last);
    const items = lines.map((event) => line(event, validationImages));
    if (anew) list.replaceChildren(...items);
    else list.append(...items);
    while (list.children.length > MOST && follows) list.firstChild.remove();
    [first, last] = [log[0].sequence, log.at(-1).sequence];
    if (follows) toEnd();
    else unseen += anew ? 0 : lines.length;
    more.hidden = !unseen;
    setText(more, `${plural(unseen, "new line")} ↓`);
  };
}

function line(event, images) {
  return element(
    "li",
    { class: level(event) },
    element("time", { datetime: event.at, title: dateTime(event.at) }, clock(event.at)),
    element("span", {}, sentence(event, images)),
  );
}
