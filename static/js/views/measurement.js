// A checkpoint's latency and memory: measured by a worker when somebody asks, and shown when it has.
import { mebibytes, milliseconds } from "../domain/exports.js";
import { whole } from "../domain/format.js";
import { postJson } from "../lib/api.js";
import { refill, setText, withUnit } from "../lib/dom.js";

/** @returns ({measurement, can}) draws it */
export function measurementView(place, { checkpoint }) {
  const url = `/api/v1/checkpoints/${checkpoint}/measurement/`;
  const find = (name) => place.querySelector(`[data-${name}]`);
  const [button, note] = [find("measure"), find("note")];
  let action = url;

  function draw({ measurement: found, can }) {
    for (const name of ["latency_1", "latency_64", "memory"]) {
      const number = name === "memory" ? mebibytes(found[name]) : milliseconds(found[name]);
      refill(find(name), number, () =>
        found[name] == null ? number : withUnit(number, name === "memory" ? "MiB" : "ms"),
      );
    }
    setText(find("rate"), rateText(found));
    setText(find("device"), found.measured_on ?? "nowhere yet");
    setText(note, noteText(found));
    note.classList.toggle("wrong", found.state === "failed");
    if (button) {
      action = can.cancel_measurement ? `${url}cancel/` : url;
      button.disabled = !can.measure && !can.cancel_measurement;
      setText(button, buttonText(found, can));
    }
  }

  button?.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await postJson(action);
    } catch ({ message }) {
      button.disabled = false;
      note.classList.add("wrong");
      setText(note, message);
    }
  });
  return draw;
}

const buttonText = ({ measured_on: before }, can) =>
  can.cancel_measurement ? "Cancel" : before ? "Measure again" : "Measure";

const rateText = ({ latency_64: seconds }) =>
  seconds ? `${whole(64 / seconds)} images a second` : "not measured";

function noteText({ state, failure, progress_note: now }) {
  const running = now ? `Being measured: ${now.toLowerCase()}…` : "Being measured…";
  return { queued: "Waits for a worker.", running, failed: failure }[state] ?? "";
}
