// Workers as cards.
import { heard, heat, memory, share, summary } from "../domain/workers.js";
import { byId, element, refill, setText, withUnit } from "../lib/dom.js";
import { keptRows } from "../lib/kept_rows.js";

export function workerList(list) {
  let now = 0;
  const show = keptRows(
    list,
    makeCard,
    (card, worker) => update(card, worker, now),
    ({ name }) => name,
    () => false,
  );
  return (workers, since) => {
    now = since;
    show(workers);
    byId("no-workers").hidden = workers.length > 0;
    setText(byId("workers-summary"), workers.length ? summary(workers) : "");
  };
}

function makeCard({ name }) {
  const part = (tag, attributes = {}) => element(tag, attributes);
  const card = {
    state: part("span"),
    role: part("p", { class: "role" }),
    fault: part("p", { class: "fault" }),
    work: part("p"),
    heard: part("p", { class: "heard" }),
    use: part("dd"),
    memory: part("dd"),
    heat: part("dd"),
    bar: element("progress", { max: 1, value: 0, "aria-label": `Memory of ${name}` }),
  };
  const fact = (title, value) => element("div", {}, element("dt", {}, title), value);
  card.node = element(
    "li",
    { class: "card worker" },
    element("h2", {}, element("span", {}, name), card.state),
    card.role,
    card.fault,
    card.work,
    element(
      "dl",
      {},
      fact("In use", card.use),
      fact("Memory", card.memory),
      fact("Temperature", card.heat),
    ),
    card.bar,
    card.heard,
  );
  return card;
}

function update(card, worker, since) {
  const {
    online,
    work,
    device,
    trains,
    memory_used_bytes: used,
    memory_total_bytes: total,
  } = worker;
  card.node.dataset.online = online;
  card.state.className = `state ${online ? (work ? "running" : "online") : "offline"}`;
  setText(card.state, online ? (work ? "Busy" : "Online") : "Offline");
  setText(
    card.role,
    `${device} · ${trains ? "trains" : "coordinates searches, prepares data sets"}`,
  );
  card.fault.hidden = !worker.fault;
  setText(card.fault, worker.fault);
  card.work.className = work ? "work" : "work idle";
  refill(card.work, `${work?.url}${work?.text}${online}`, () => workText(worker));
  const measured = {
    use: share(worker.used_share),
    memory: memory(worker),
    heat: heat(worker.temperature_celsius),
  };
  for (const [name, value] of Object.entries(measured)) {
    refill(card[name], value.join(" "), () => withUnit(...value));
  }
  card.bar.hidden = !total;
  card.bar.value = total ? used / total : 0;
  setText(card.heard, heard(worker, since));
}

function workText({ online, work, trains }) {
  if (work)
    return work.url
      ? element("a", { href: work.url }, work.text)
      : "Busy with somebody else's work";
  if (!online) return "Gone. What it was at is tried again by another worker.";
  return trains ? "Waits for work" : "Ready";
}
