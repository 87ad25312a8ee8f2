// What the charts share: when they are drawn, and which values they leave out.
import { plural } from "../domain/format.js";
import { isFinal } from "../domain/feed.js";
import { quantile } from "../domain/stats.js";
import { byId, setText } from "../lib/dom.js";

/** Outliers far below would flatten everything: the axis begins above them, they are left out. */
export const upper = (values) => {
  const [low, middle] = [quantile(values, 0.1), quantile(values, 0.5)];
  return low == null ? [] : values.filter((value) => value >= low - 1.5 * (middle - low) - 0.01);
};

/** A chart that is made once there is something to draw; `key` says whether anything has changed. */
export function lazily(id, { has, key, make, update }) {
  const box = byId(id);
  let made = null;
  let drawn = "";
  return (context) => {
    if (context.partial) {
      setText(box.querySelector(".waiting"), `Reads ${plural(context.total, "trial")}…`);
      return;
    }
    if (!has(context)) {
      // Nothing will come any more: the card must not go on waiting.
      if (!made && isFinal(context.search.state))
        setText(
          box.querySelector(".waiting"),
          "The search ended before there was anything to draw.",
        );
      return;
    }
    const now = key(context);
    if (now === drawn) return;
    drawn = now;
    made ??= make(box);
    update(made, context);
  };
}
