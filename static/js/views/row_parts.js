// What rows of searches and of final trainings have alike.
import { dateTime, shortTime } from "../domain/format.js";
import { element } from "../lib/dom.js";

/** A number with its unit, and a note below it. */
export const figure = (number, unit, note) => [
  element("p", { class: "number" }, number, " ", element("small", {}, unit)),
  element("p", { class: "note" }, note),
];

/** Since when it is there. */
export const since = ({ created_at: at }) =>
  element("time", { datetime: at, title: dateTime(at) }, shortTime(at));
