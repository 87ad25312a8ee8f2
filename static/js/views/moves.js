// What each move has brought: a dot for each try, and their mean. Loaded where a search makes moves.
import { percent, points } from "../domain/format.js";
import { movesOf } from "../domain/moves.js";
import { byId, element, refill } from "../lib/dom.js";

const WORDS = {
  rest: "trained on as it is",
  path: "new paths in the cell",
  widen: "more channels in layers",
  deepen: "a layer more",
};
const LEAST = 0.005;

/** @param trialUrl (number) -> where a trial is shown */
export function movesView(trialUrl) {
  return ({ search, trials, partial }) => {
    if (partial) return;
    const moves = movesOf(search, trials);
    const key = moves.flatMap(({ tries }) => tries.map(({ number, gain }) => `${number}:${gain}`));
    refill(byId("moves-list"), key.join() || "none", () => rows(moves, trialUrl));
  };
}

function rows(moves, trialUrl) {
  const gains = moves.flatMap(({ tries }) => tries.map(({ gain }) => gain));
  const reach = Math.max(LEAST, ...gains.map(Math.abs));
  const best = Math.max(...moves.map(({ mean }) => mean ?? -Infinity));
  return [
    ...moves.map((one) => row(one, { reach, best, trialUrl })),
    element(
      "li",
      { class: "axis", "aria-hidden": "true" },
      element("span", {}, `−${percent(reach, 1)}`),
      element("span", {}, "its parent"),
      element("span", {}, `+${percent(reach, 1)}`),
    ),
  ];
}

function row({ move, tries, mean }, { reach, best, trialUrl }) {
  const better = tries.filter(({ gain }) => gain > 0).length;
  const strip = element("div", { class: "strip" });
  for (const { number, gain } of tries) {
    const title = `Trial ${number}: ${points(gain)} points`;
    const dot = element("a", { href: trialUrl(number), title, "aria-label": title });
    dot.style.setProperty("--at", String(gain / reach));
    strip.append(dot);
  }
  if (mean != null) {
    const mark = element("i", { "aria-hidden": "true" });
    mark.style.setProperty("--at", String(mean / reach));
    strip.append(mark);
  }
  return element(
    "li",
    { class: mean != null && mean === best && mean > 0 ? "leads" : "" },
    element("span", { class: "name" }, element("b", {}, move), element("small", {}, WORDS[move])),
    strip,
    element(
      "span",
      { class: "mean" },
      element("b", {}, mean == null ? "–" : points(mean)),
      element(
        "small",
        {},
        tries.length
          ? `${tries.length} ${tries.length === 1 ? "try" : "tries"}, ${better} better`
          : "not tried yet",
      ),
    ),
  );
}
