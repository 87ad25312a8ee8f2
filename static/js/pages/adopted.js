// A network of one's own: the form shows what its source needs; ticks are judged by the server.
import { byId, setText } from "../lib/dom.js";
import { followWork } from "../lib/follow_work.js";
import { keepDrawnList } from "../lib/list_page.js";
import { connectionView } from "../views/connection.js";

const CHECK_AFTER_MS = 200;

function followSource(form) {
  const show = () => {
    const { value } = form.querySelector("[name=source]:checked") ?? { value: "torchvision" };
    for (const part of form.querySelectorAll("[data-for]"))
      part.hidden = !part.dataset.for.split(" ").includes(value);
  };
  form.addEventListener("change", ({ target }) => {
    if (target.name === "source") show();
  });
  show();
}

/** When the worker has ended, the page has a form of its own to begin with. */
function followStep(place) {
  followWork(`start-networks/${place.dataset.network}`, {
    name: "network",
    part: "#busy",
    onEnd: () => location.reload(),
    onConnection: connectionView(),
  });
}

/** What to do about ticks that the server refuses. */
function advice(ticked) {
  if (!ticked.length) return "Tick at least one convolution.";
  const kinds = new Set(ticked.map((box) => box.dataset.kind));
  return kinds.size > 1
    ? "Plain and grouped convolutions do not go together: keep one kind."
    : null;
}

function startSites(form) {
  const boxes = [...form.querySelectorAll("[name=sites]")];
  let [timer, asked] = [0, 0];

  function show({ reason, parameters, multiply_adds: multiplyAdds }) {
    setText(byId("reason"), reason && (advice(boxes.filter((box) => box.checked)) ?? reason));
    byId("make").disabled = Boolean(reason) || boxes.every((box) => box.disabled);
    if (reason) return;
    setText(byId("parameters"), parameters.toLocaleString("en"));
    setText(byId("multiply_adds"), multiplyAdds.toLocaleString("en"));
  }

  async function check() {
    asked += 1;
    const mine = asked;
    const answer = await fetch(form.dataset.check, {
      method: "POST",
      body: new FormData(form),
    }).catch(() => null);
    if (answer?.ok && mine === asked) show(await answer.json());
  }

  function changed() {
    setText(byId("chosen"), String(boxes.filter((box) => box.checked).length));
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_AFTER_MS);
  }

  const picked = {
    default: (box) => "default" in box.dataset,
    plain: (box) => box.dataset.kind === "plain",
    grouped: (box) => box.dataset.kind === "grouped",
    none: () => false,
  };
  for (const button of form.querySelectorAll("[data-pick]")) {
    button.hidden =
      !["none", "default"].includes(button.dataset.pick) &&
      !boxes.some(picked[button.dataset.pick]);
    button.addEventListener("click", () => {
      for (const box of boxes) box.checked = picked[button.dataset.pick](box);
      changed();
    });
  }
  form.addEventListener("change", changed);
  setText(byId("chosen"), String(boxes.filter((box) => box.checked).length));
  if (boxes.some((box) => !box.disabled)) check();
}

const own = document.querySelector("#own-network");
if (own) followSource(own);
const busy = document.querySelector("#busy");
if (busy) followStep(busy);
const sites = document.querySelector("#sites");
if (sites) startSites(sites);
if (own)
  keepDrawnList("start-networks", {
    parts: () => ["#main > section:last-of-type"],
    whole: "#main > section:last-of-type",
    onConnection: connectionView(),
  });
