// Why trials failed: the most frequent reasons, each with how often it occurred.
import { whole } from "../domain/format.js";
import { failureReasons } from "../domain/stats.js";
import { byId, element, refill, setText } from "../lib/dom.js";

const MOST = 5;

export function failuresView(trialUrl) {
  return ({ trials }) => {
    const reasons = failureReasons([...trials.values()]);
    const failed = reasons.reduce((sum, { numbers }) => sum + numbers.length, 0);
    byId("failures").hidden = !failed;
    setText(byId("failures-count"), whole(failed));
    refill(byId("failure-reasons"), JSON.stringify(reasons), () =>
      reasons.slice(0, MOST).map(({ reason, numbers }) => {
        const last = numbers.at(-1);
        const link = element("a", { href: trialUrl(last) }, `trial ${last}`);
        const times = numbers.length > 1 ? `${whole(numbers.length)} ×, the last ` : "";
        return element("li", {}, element("span", { class: "reason" }, reason), " ", times, link);
      }),
    );
  };
}
