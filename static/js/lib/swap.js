// Pages that the server draws: a part is replaced by what the server draws now.
import { showLocalTimes } from "./times.js";

/** The page as the server draws it now. */
export async function freshPage() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const status = answer.redirected ? 401 : answer.status;
  if (status !== 200) throw Object.assign(new Error("no page"), { status });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** Replace a part; false where it is not there, or not any more. */
export function swap(page, selector) {
  const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
  if (!old || !fresh) return false;
  old.replaceWith(fresh);
  showLocalTimes(fresh);
  return true;
}
