// A checkpoint's latency and memory: measured by a worker when somebody asks, and shown when it has.
import { isActive, mebibytes, milliseconds } from "../domain/exports.js";
import { whole } from "../domain/format.js";
import { getJson, postJson } from "../lib/api.js";
import { refill, setText, withUnit } from "../lib/dom.js";
import { follow } from "../lib/refresh.js";

const ASK_MS = 1_000;

export function measurementView(place, { checkpoint }) {
  const url = `/api/v1/checkpoints/${checkpoint}/measurement/`;
  const find = (name) => place.querySelector(`[data-${name}]`);
  const [button, note] = [find("measure"), find("note")];

  function draw(found) {
    const active = isActive(found);
    for (const name of ["latency_1", "latency_64", "memory"]) {
      const number = name === "memory" ? mebibytes(found[name]) : milliseconds(found[name]);
      refill(find(name), number, () => (found[name] == null ? number : withUnit(number, name === "memory" ? "MiB" : "ms")));
    }
    setText(find("rate"), rateText(found));
    setText(find("device"), found.measured_on ?? "nowhere yet");
    setText(note, noteText(found));
    note.classList.toggle("wrong", found.state === "failed");
    if (button) {
      button.disabled = active;
      setText(button, found.measured_on ? "Measure again" : "Measure");
    }
    return active;
  }

  const ask = follow(() => getJson(url), draw, { everyMs: ASK_MS });
  button?.addEventListener("click", async () => {
    button.disabled = true;
    const fault = await postJson(url).then(() => null, (error) => error);
    if (!fault) return ask();
    button.disabled = false;
    note.classList.add("wrong");
    return setText(note, fault.message);
  });
}

const rateText = ({ latency_64: seconds }) => (seconds ? `${whole(64 / seconds)} images a second` : "not measured");

function noteText({ state, failure }) {
  return { queued: "Waits for a worker.", running: "Being measured…", failed: failure }[state] ?? "";
}
