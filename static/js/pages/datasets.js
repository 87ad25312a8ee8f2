// Data sets: progress of preparations, and the upload. Both pages work without this script.
import { stateName } from "../domain/format.js";
import { fileSize, objection, sentNote } from "../domain/upload.js";
import { getJson } from "../lib/api.js";
import { element, setText } from "../lib/dom.js";
import { showLocalTimes } from "../lib/times.js";

const POLL_MILLISECONDS = 1000;

/** Ask how far a preparation is; when it has ended, show the server's page in place of the old part. */
async function follow(place) {
  const known = await getJson(place.dataset.progressUrl).catch((error) => (error.status === 404 ? {} : null));
  if (known && !["queued", "running"].includes(known.state)) return swap(place.dataset.swap);
  if (known) {
    setText(place.querySelector("[data-progress-note]"), known.progress_note);
    place.querySelector("progress").value = known.progress;
    document.querySelectorAll(`[data-state-of="${place.dataset.dataset}"]`).forEach((badge) => {
      badge.className = `state ${known.state}`;
      setText(badge, stateName(known.state));
    });
  }
  return setTimeout(() => follow(place), POLL_MILLISECONDS);
}

async function swap(selector) {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(selector);
  if (!answer.ok || !fresh) return location.reload();
  document.querySelector(selector).replaceWith(fresh);
  showLocalTimes(fresh);
  return undefined;
}

function showErrors(form, { message, fields = {} }) {
  form.querySelectorAll(".errorlist").forEach((list) => list.remove());
  const placed = Object.entries(fields).filter(([name, reason]) => {
    const field = form.querySelector(`[data-field="${name}"]`);
    field?.append(element("ul", { class: "errorlist", role: "alert" }, element("li", {}, reason)));
    return field;
  });
  const general = form.querySelector("[data-refusal]");
  general.hidden = placed.length > 0 || !message;
  setText(general.firstElementChild, message ?? "");
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return { message: request.status ? `The server answered ${request.status}.` : "The connection was lost. Send it again." };
  }
}

/** XMLHttpRequest: fetch does not say how much has been sent. */
function send(form, busy) {
  const request = new XMLHttpRequest();
  const [note, bar] = [form.querySelector("[data-sending-note]"), form.querySelector("[data-sending] progress")];
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
    setText(note, sentNote(loaded, total));
  });
  request.addEventListener("loadend", () => {
    const answer = answerOf(request);
    if (request.status === 201) return location.assign(answer.location);
    busy(false);
    return showErrors(form, request.aborted ? {} : answer);
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
    setText(drop.querySelector("[data-chosen]"), file ? `${file.name} · ${fileSize(file.size)}` : "Choose a zip, or drop it here");
    const reason = file ? objection(file, Number(form.dataset.limitBytes)) : "";
    showErrors(form, reason ? { fields: { file: reason } } : {});
  };
  form.classList.add("scripted");
  input.addEventListener("change", chosen);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => { if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; chosen(); } });
  abort.addEventListener("click", () => { request.aborted = true; request.abort(); });
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

document.querySelectorAll("[data-progress-url]").forEach(follow);
const upload = document.querySelector("#upload");
if (upload) startUpload(upload);
