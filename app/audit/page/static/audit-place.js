// Where the reader is: it stands in the hash, so that back, forward and links work.
const content = document.getElementById("content");

/** Entity → {path, redacted}; the path is null if the API does not show such records. */
export const kinds = JSON.parse(content.dataset.kinds);
export const api = content.dataset.api;

/** Return what is set, as a query string: "" or "?a=b". */
export function query(values) {
  const set = Object.entries(values).filter(([, value]) => value);
  return set.length ? `?${new URLSearchParams(set)}` : "";
}

export function link(parts, values = {}) {
  return `#/${parts.map(encodeURIComponent).join("/")}${query(values)}`;
}

export function place() {
  const [path, search] = location.hash.slice(2).split("?");
  try {
    const [view, ...parts] = path.split("/").map(decodeURIComponent);
    return { view, parts, values: Object.fromEntries(new URLSearchParams(search)) };
  } catch {
    return { view: "", parts: [], values: {} };
  }
}

export function go(address) {
  location.hash = address;
}
