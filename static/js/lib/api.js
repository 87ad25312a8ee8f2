// Requests to the API. An error carries what the server said: {message, code, fields}.

export class ApiError extends Error {
  constructor({ message, code = "failed", fields = {} }, status) {
    super(message);
    Object.assign(this, { code, fields, status });
  }
}

function csrfToken() {
  const [meta, input] = [
    /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="csrf-token"]')),
    /** @type {HTMLInputElement} */ (document.querySelector("input[name=csrfmiddlewaretoken]")),
  ];
  const cookie = /(?:^|; )(?:__Host-|__Secure-)?csrftoken=([^;]*)/.exec(document.cookie)?.[1];
  return meta?.content || cookie || input?.value || "";
}

export const getJson = (url) => request("GET", url);
export const postJson = (url, body = {}, headers = {}) => request("POST", url, body, headers);

export async function request(method, url, body, more = {}) {
  const kind = method === "GET" ? {} : { "Content-Type": "application/json" };
  const response = await answered(method, url, body && JSON.stringify(body), { ...kind, ...more });
  return response.json().catch(() => null);
}

/** What a file becomes there. @returns {Promise<Blob>} */
export async function postFile(url, file) {
  const form = new FormData();
  form.append("file", file);
  return (await answered("POST", url, form)).blob();
}

async function answered(method, url, body, more = {}) {
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  /** @type {RequestInit} */
  const options = { method, headers, credentials: "same-origin", body };
  const response = await fetch(url, options).catch(() => {
    throw new ApiError({ message: "The server cannot be reached.", code: "unreachable" }, 0);
  });
  if (response.ok) return response;
  const read = await response.json().catch(() => null);
  throw new ApiError(
    read?.message ? read : { message: `The server answered ${response.status}.` },
    response.status,
  );
}
