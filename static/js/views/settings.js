// The settings of a search: single ones first, then a table for each group.
import { byId, element, refill } from "../lib/dom.js";

const words = (name) => name.replaceAll("_", " ");
const isGroup = (value) => value && typeof value === "object" && !Array.isArray(value);

export function settingsView() {
  return ({ search: { config } }) =>
    refill(byId("settings-groups"), JSON.stringify(config), () => {
      const entries = Object.entries(config ?? {});
      const single = entries.filter(([, value]) => !isGroup(value));
      const groups = entries.filter(([, value]) => isGroup(value) && Object.keys(value).length);
      return [group(["search", Object.fromEntries(single)]), ...groups.map(group)];
    });
}

function group([name, values]) {
  const rows = Object.entries(values)
    .filter(([key]) => key !== "version")
    .map(([key, value]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, words(key)),
        element("td", {}, inWords(value)),
      ),
    );
  const title = words(name);
  return element(
    "section",
    {},
    element("h3", {}, title[0].toUpperCase() + title.slice(1)),
    element("table", { "aria-label": title }, element("tbody", {}, rows)),
  );
}

function inWords(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value == null) return "none";
  if (typeof value !== "object") return String(value);
  const parts = Array.isArray(value)
    ? value.map(inWords)
    : Object.entries(value).map(([key, one]) => `${words(key)} ${inWords(one)}`);
  return parts.join(", ") || "none";
}
