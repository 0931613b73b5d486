// A stream of a log: under its days, and a stretch at a time.
import { button, make } from "./audit-dom.js";
import { attempt } from "./audit-shell.js";
import { day } from "./audit-time.js";

function append(place, items, item) {
  for (const each of items) {
    const today = day(each.at);
    if (place.dataset.day !== today) {
      place.dataset.day = today;
      place.append(make("h2", {}, today), make("ol", { className: "entries" }));
    }
    place.lastElementChild.append(item(each));
  }
}

/** Show a stream. `read(cursor)` returns {items, next}; `item` makes the list item. */
export async function stream(view, { read, item, after, empty }) {
  const place = make("div", { className: "stream" });
  const more = button("Show older", older);
  const note = make("p", { className: "note", role: "status" });
  let cursor = null;
  let loading = null;

  // Whoever clicks twice gets a stretch once.
  function older() {
    loading ??= attempt(load).finally(() => (loading = null));
  }

  async function load() {
    const { items, next, says } = await read(cursor);
    cursor = next;
    const first = place.childElementCount === 0;
    append(place, items, item);
    more.hidden = !next;
    note.textContent = says ?? (items.length ? "" : first ? empty : "That is all.");
    await after?.(items);
  }

  more.hidden = true;
  view.append(place, note, more);
  await load();
}
