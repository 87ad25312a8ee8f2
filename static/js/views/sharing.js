// The dialog in which a search's owner lets named users look at it. Loaded when it is asked for.
import { getJson, request } from "../lib/api.js";
import { byId, element, setText } from "../lib/dom.js";

let url = "";

export async function openSharing(apiUrl) {
  const dialog = byId("share-dialog");
  url = `${apiUrl}shares/`;
  if (dialog.dataset.ready === undefined) prepare(dialog);
  dialog.dataset.ready = "";
  setText(byId("share-error"), "");
  byId("share-input").value = "";
  dialog.showModal();
  byId("share-input").focus();
  await list().catch(fail);
}

function prepare(dialog) {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(
      () => request("POST", url, { username: byId("share-input").value.trim() }),
      () => {
        byId("share-input").value = "";
      },
    );
  });
}

async function attempt(send, then = () => {}) {
  setText(byId("share-error"), "");
  try {
    await send();
    then();
    await list();
  } catch (error) {
    fail(error);
  }
}

function fail({ message, fields }) {
  setText(byId("share-error"), fields?.username ? `Not shared: ${fields.username}.` : message);
}

async function list() {
  const shares = await getJson(url);
  const items = shares.map(({ username }) =>
    element(
      "li",
      {},
      element("span", {}, username),
      element(
        "button",
        {
          type: "button",
          class: "danger",
          "aria-label": `Take it back from ${username}`,
          on: {
            click: () =>
              attempt(() => request("DELETE", `${url}?username=${encodeURIComponent(username)}`)),
          },
        },
        "Take back",
      ),
    ),
  );
  byId("share-list").replaceChildren(
    ...(items.length ? items : [element("li", { class: "none" }, "Nobody but you sees it.")]),
  );
}
