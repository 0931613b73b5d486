// Client-side routes, stored in the URL's hash so that history and links work.
const content = document.getElementById("content");

/** Entity → {path, redacted, keys}; the path is null if the API has no such collection. */
export const entityTypes = JSON.parse(content.dataset.entityTypes);
export const api = content.dataset.api;

/** Return the non-empty values as a query string: "" or "?a=b". */
export function query(values) {
  const set = Object.entries(values).filter(([, value]) => value);
  return set.length ? `?${new URLSearchParams(set)}` : "";
}

export function link(parts, values = {}) {
  return `#/${parts.map(encodeURIComponent).join("/")}${query(values)}`;
}

export function currentRoute() {
  const [path, search] = location.hash.slice(2).split("?");
  try {
    const [view, ...parts] = path.split("/").map(decodeURIComponent);
    return { view, parts, values: Object.fromEntries(new URLSearchParams(search)) };
  } catch {
    return { view: "", parts: [], values: {} };
  }
}

/** Go to a view; load it again if it is the present one. */
export function navigate(hash) {
  if (hash === location.hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}
