// The trial table. Only the rows that are seen exist. Rows keep their order while the reader looks:
// new trials wait behind a pill, values change in place.
import { controlOf } from "../domain/control.js";
import { plural, whole } from "../domain/format.js";
import { isFinal } from "../domain/feed.js";
import { byId, element, setText } from "../lib/dom.js";
import { COLUMNS, makeDetail, makeRow, shownAccuracy, updateRow } from "./trial_row.js";

const MANY = 1000;
const EXTRA = 6; // rows above and below those that are seen
const ROW_PIXELS = 45;
const DETAIL_PIXELS = 132;

export function tableView(trialUrl, readTrial) {
  const table = new TrialTable(trialUrl, readTrial);
  return (state) => table.update(state);
}

class TrialTable {
  scroll = byId("rows-scroll");
  body = byId("rows");
  pill = byId("rows-pill");
  input = byId("rows-filter");
  rows = new Map();
  details = new Map();
  open = new Set();
  order = [];
  filter = null;
  shape = "";
  sort = sortFromUrl();
  measured = false;
  balanced = false;
  grown = false;
  waiting = null;
  state = null;

  constructor(trialUrl, readTrial) {
    this.trialUrl = trialUrl;
    this.readTrial = readTrial;
    this.#head();
    this.scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.scroll);
    this.pill.addEventListener("click", () => this.#arrange());
    this.input.addEventListener("input", () => this.#setFilter(this.input.value));
    this.input.value = new URLSearchParams(location.search).get("filter") ?? this.input.value;
    if (this.input.value) this.#setFilter(this.input.value);
    addEventListener("hashchange", () => this.#reveal());
  }

  update(state) {
    const before = this.state;
    this.state = state;
    this.measured ||= [...state.trials.values()].some(({ latency_1: latency }) => latency != null);
    this.balanced ||= isBalanced(state);
    this.grown ||= [...state.trials.values()].some(({ move }) => move);
    const { classList } = byId("rows-head").closest("table");
    classList.toggle("measured", this.measured);
    classList.toggle("balanced", this.balanced);
    classList.toggle("grown", this.grown);
    if (!before || (before.partial && !state.partial)) this.#arrange();
    else this.#newsSoon();
    this.#draw();
    if (!before) this.#reveal();
  }

  /** `#trial-7` opens the row of trial 7, and brings it into sight. */
  async #reveal() {
    const number = Number(/^#trial-(\d+)$/.exec(location.hash)?.[1]);
    if (!this.state.trials.has(number)) return;
    if (!this.order.includes(number)) {
      this.input.value = "";
      await this.#setFilter("");
    }
    this.open.add(number);
    this.#draw();
    this.scroll.scrollTop = this.#tops()[this.order.indexOf(number)];
    this.scroll.scrollIntoView({ block: "nearest" });
  }

  /** Sorting thousands of rows at every event would be most of what the page does. */
  #newsSoon() {
    if (this.state.trials.size < MANY) this.#news();
    else
      this.waiting ??= setTimeout(() => {
        this.waiting = null;
        this.#news();
      }, 1000);
  }

  /** New trials are added below while all rows fit: nothing moves. Then the pill counts them. */
  #news() {
    const shown = new Set(this.order);
    let fresh = this.#passing().filter(({ number }) => !shown.has(number));
    const fits = (count) =>
      (this.order.length + count) * ROW_PIXELS <= this.scroll.clientHeight - 36;
    if (fresh.length && fits(fresh.length)) {
      this.order.push(...fresh.map(({ number }) => number));
      fresh = [];
    }
    const stale = !fresh.length && this.#isStale();
    this.pill.hidden = !fresh.length && !stale;
    setText(this.pill, fresh.length ? plural(fresh.length, "new trial") : "Sort again");
    setText(byId("rows-count"), this.#countText());
  }

  #isStale() {
    return this.#sorted().some(({ number }, index) => number !== this.order[index]);
  }

  #passing() {
    const all = [...this.state.trials.values()];
    return this.filter ? all.filter((trial) => this.filter(this.#fields(trial))) : all;
  }

  #fields(trial) {
    const accuracy = shownAccuracy(trial);
    const control = controlOf(this.state.trials)?.mean;
    return {
      ...trial,
      trial: trial.number,
      role: trial.role ?? "child",
      accuracy,
      gain: accuracy == null || control == null ? null : accuracy - control,
    };
  }

  #sorted() {
    const { value } = COLUMNS.find(({ key }) => key === this.sort.key);
    const sign = this.sort.descending ? -1 : 1;
    // Those without a value come last, whichever the direction.
    return this.#passing().sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x == null || y == null)
        return Number(x == null) - Number(y == null) || a.number - b.number;
      return sign * (x - y) || a.number - b.number;
    });
  }

  #arrange() {
    this.order = this.#sorted().map(({ number }) => number);
    this.pill.hidden = true;
    this.shape = "";
    setText(byId("rows-count"), this.#countText());
    this.#draw();
  }

  #countText() {
    const all = this.state.trials.size;
    if (this.state.partial)
      return `${whole(all)} of ${plural(this.state.total, "trial")} · reads the others…`;
    return this.filter
      ? `${whole(this.order.length)} of ${plural(all, "trial")}`
      : plural(all, "trial");
  }

  async #setFilter(text) {
    const { matches, parseFilter } = await import("../domain/filter.js");
    if (text !== this.input.value) return; // typed on meanwhile
    const { filter, error } = parseFilter(text);
    this.input.setAttribute("aria-invalid", Boolean(error));
    setText(byId("rows-error"), error ?? "");
    if (error) return;
    this.filter = filter && ((trial) => matches(filter, trial));
    writeUrl("filter", text.trim());
    if (this.state) this.#arrange();
  }

  #head() {
    const cells = COLUMNS.map(({ key, title, n, wide, value }) => {
      const name = [key, n && "n", wide && "wide"].filter(Boolean).join(" ");
      if (!value) return element("th", { class: name, scope: "col" }, title);
      const button = element(
        "button",
        { type: "button", class: "sort", on: { click: () => this.#sortBy(key) } },
        title,
      );
      return element("th", { class: name, scope: "col", dataset: { sort: key } }, button);
    });
    const opener = element(
      "th",
      { class: "opener" },
      element("span", { class: "visually-hidden" }, "Details"),
    );
    byId("rows-head").replaceChildren(opener, ...cells);
    this.#markSort();
  }

  #sortBy(key) {
    this.sort = { key, descending: this.sort.key === key ? !this.sort.descending : true };
    writeUrl("sort", `${this.sort.descending ? "-" : ""}${key}`);
    this.#markSort();
    this.#arrange();
  }

  #markSort() {
    for (const cell of byId("rows-head").querySelectorAll("[data-sort]")) {
      const own = cell.dataset.sort === this.sort.key;
      if (own) cell.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  }

  /** Where each row begins, and where the last one ends. */
  #tops() {
    const tops = [0];
    for (const number of this.order) {
      tops.push(tops.at(-1) + ROW_PIXELS + (this.open.has(number) ? DETAIL_PIXELS : 0));
    }
    return tops;
  }

  #draw() {
    if (!this.state) return;
    byId("rows-waiting").hidden = this.order.length > 0;
    setText(
      byId("rows-waiting"),
      this.filter ? "No trial passes the filter." : emptyText(this.state.search),
    );
    const tops = this.open.size ? this.#tops() : null;
    const at = (index) => (tops ? tops[index] : index * ROW_PIXELS);
    const height = this.scroll.clientHeight || 480;
    const find = (pixels) => {
      if (!tops) return Math.floor(pixels / ROW_PIXELS);
      const index = tops.findIndex((top) => top > pixels);
      return index < 0 ? this.order.length : index - 1;
    };
    const first = Math.max(0, find(this.scroll.scrollTop) - EXTRA);
    const last = Math.min(this.order.length, find(this.scroll.scrollTop + height) + EXTRA);
    this.#place(first, last, at(first), at(this.order.length) - at(last));
  }

  #place(first, last, above, below) {
    const numbers = this.order.slice(first, last);
    const shape = `${numbers.join()}|${[...this.open].join()}`;
    if (shape !== this.shape) this.#exchange(numbers, above, below);
    this.shape = shape;
    const { search, trials } = this.state;
    for (const number of numbers) {
      const trial = trials.get(number);
      if (trial) updateRow(this.rows.get(number), trial, this.#context(search, trial));
    }
  }

  #context(search, { number, parent }) {
    return {
      control: controlOf(this.state.trials)?.mean,
      best: search.best_trial,
      href: this.trialUrl(number),
      parentHref: this.trialUrl(parent),
      open: this.open.has(number),
      columns: this.#columns(),
      edit: search.can.edit,
      read: this.readTrial,
      epochs: search.config?.recipe?.epochs,
    };
  }

  /** Those that are shown: a cell that spans more would make columns of its own. */
  #columns() {
    return [...byId("rows-head").children].filter((cell) => cell.offsetWidth).length;
  }

  /** Put the rows that are seen into the table; those that stay are not touched. */
  #exchange(numbers, above, below) {
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    const { search, trials } = this.state;
    const kept = new Map();
    const nodes = [spacer(above)];
    for (const number of numbers) {
      const trial = trials.get(number);
      const row = this.rows.get(number) ?? makeRow(trial, () => this.#toggle(number));
      kept.set(number, row);
      nodes.push(row.node);
      if (this.open.has(number)) nodes.push(this.#detail(search, trial));
    }
    this.rows = kept;
    this.body.replaceChildren(...nodes, spacer(below));
    if (this.body.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Made anew only where the trial has changed: it asks the server for the rest. */
  #detail(search, trial) {
    const made = this.details.get(trial.number);
    if (made?.trial === trial) return made.node;
    const node = makeDetail(trial, this.#context(search, trial));
    this.details.set(trial.number, { trial, node });
    return node;
  }

  #toggle(number) {
    if (!this.open.delete(number)) this.open.add(number);
    this.#draw();
  }
}

/** Whether balanced accuracies say anything that the accuracies do not. */
const isBalanced = ({ search, trials }) =>
  search.config?.measure === "balanced_accuracy" ||
  [...trials.values()].some(
    ({ accuracy, balanced_accuracy: balanced }) =>
      balanced != null && Math.abs(accuracy - balanced) >= 0.01,
  );

const emptyText = ({ state }) =>
  isFinal(state)
    ? "The search ended before a trial was proposed."
    : "Waits for the first trial to be proposed.";

function spacer(pixels) {
  const cell = element("td");
  cell.style.height = `${pixels}px`;
  return element("tr", { class: "spacer", "aria-hidden": "true" }, cell);
}

function sortFromUrl() {
  const given = new URLSearchParams(location.search).get("sort") ?? "-accuracy";
  const key = given.replace(/^-/, "");
  const known = COLUMNS.some((column) => column.key === key && column.value);
  return known ? { key, descending: given.startsWith("-") } : { key: "accuracy", descending: true };
}

function writeUrl(name, value) {
  const url = new URL(location.href);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}
