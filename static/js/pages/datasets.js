// Data sets: progress of preparations, the upload, and names of classes. All works without this script.
import { indexed } from "../domain/class_names.js";
import { stateName } from "../domain/format.js";
import { fileSize, objection, sentNote } from "../domain/upload.js";
import { byId, element, setAttributes, setText } from "../lib/dom.js";
import { takesFiles } from "../lib/drop.js";
import { followWork } from "../lib/follow_work.js";
import { keepDrawnList } from "../lib/list_page.js";
import { swap } from "../lib/swap.js";
import { connectionView } from "../views/connection.js";

/** How far a preparation is; when it has ended, the page as the server draws it now. */
function follow({ dataset: { dataset: id } }) {
  followWork(`datasets/${id}`, {
    name: "dataset",
    part: "#preparing",
    progressed: ({ state, progress, progress_note: note }) => {
      const bar = /** @type {HTMLProgressElement | null} */ (
        document.querySelector("#preparing progress")
      );
      if (!bar) return; // a frame that was under way when the page was drawn anew
      setText(document.querySelector("[data-progress-note]"), note);
      setAttributes(bar, { value: progress });
      for (const badge of document.querySelectorAll(`[data-state-of="${id}"]`)) {
        badge.className = `state ${state}`;
        setText(badge, stateName(state));
      }
    },
    onEnd: (page) => swap(page, "#main"),
    onConnection: connectionView(),
  });
}

function showErrors(form, { message = "", fields = {} }) {
  form.querySelectorAll(".errorlist").forEach((list) => list.remove());
  const placed = Object.entries(fields).filter(([name, reason]) => {
    const field = form.querySelector(`[data-field="${name}"]`);
    field?.append(element("ul", { class: "errorlist", role: "alert" }, element("li", {}, reason)));
    return field;
  });
  const general = form.querySelector("[data-refusal]");
  general.hidden = placed.length > 0 || !message;
  setText(general.firstElementChild, message);
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {
      message: request.status
        ? `The server answered ${request.status}.`
        : "The connection was lost. Send it again.",
    };
  }
}

/** XMLHttpRequest: fetch does not say how much has been sent. */
function send(form, busy) {
  const request = new XMLHttpRequest();
  const [note, bar] = [
    form.querySelector("[data-sending-note]"),
    form.querySelector("[data-sending] progress"),
  ];
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
    setText(note, sentNote(loaded, total));
  });
  let aborted = false;
  request.addEventListener("abort", () => {
    aborted = true;
  });
  request.addEventListener("loadend", () => {
    const answer = answerOf(request);
    if (request.status === 201) return location.assign(answer.location);
    busy(false);
    return showErrors(form, aborted ? {} : answer);
  });
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
  return request;
}

function startUpload(form) {
  const [input, drop] = [form.querySelector("input[type=file]"), form.querySelector("[data-drop]")];
  const abort = form.querySelector("[data-abort]");
  let request = null;
  const busy = (sending) => {
    form.querySelector("[data-sending]").hidden = abort.hidden = !sending;
    form.querySelector("button.primary").disabled = sending;
  };
  const chosen = () => {
    const [file] = input.files;
    setText(
      drop.querySelector("[data-chosen]"),
      file ? `${file.name} · ${fileSize(file.size)}` : "Choose an archive, or drop it here",
    );
    const reason = file ? objection(file, Number(form.dataset.limitBytes)) : "";
    showErrors(form, reason ? { fields: { file: reason } } : {});
  };
  form.classList.add("scripted");
  input.addEventListener("change", chosen);
  takesFiles(drop, (files) => {
    input.files = files;
    chosen();
  });
  abort.addEventListener("click", () => {
    request.abort();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = objection(input.files[0], Number(form.dataset.limitBytes));
    if (reason) return showErrors(form, { fields: { file: reason } });
    showErrors(form, {});
    busy(true);
    request = send(form, busy);
    return undefined;
  });
}

/** Indexes and merged classes, as the names stand now. */
function showIndexes(table) {
  const rows = [...table.tBodies[0].rows];
  const names = rows.map((row) => row.querySelector("[data-found]"));
  const found = indexed(
    rows.map((row, place) => ({
      name: names[place].value.trim().replace(/\s+/g, " ") || names[place].dataset.found,
      kept: row.querySelector("[type=checkbox]").checked,
    })),
  );
  for (const [place, { index, merged }] of found.entries()) {
    const [row, was] = [rows[place], names[place].dataset.found];
    row.classList.toggle("out", index === null);
    setText(row.querySelector("[data-index]"), index === null ? "–" : String(index));
    const changed = names[place].value.trim() !== was ? `was ${was}` : "";
    setText(
      row.querySelector("[data-was]"),
      [merged && "merged", changed].filter(Boolean).join(", "),
    );
  }
}

/** Delegated: the table comes anew when what was read is drawn anew. */
function followNames(event) {
  const table = event.target.closest?.("table.found[data-whole]");
  if (table) showIndexes(table);
}

const preparing = byId("preparing");
const upload = byId("upload");
document.addEventListener("input", followNames);
if (preparing) follow(preparing);
else if (upload) startUpload(upload);
else if (document.querySelector(".dataset"))
  keepDrawnList("datasets", {
    parts: (ids) => ids?.map((id) => `#dataset-${id}`) ?? ["#main"],
    whole: "#main",
    onConnection: connectionView(),
  });
