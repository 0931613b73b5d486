// A list of entries, grouped by day and loaded one page at a time.
import { button, make } from "./audit-dom.js";
import { attempt } from "./audit-layout.js";
import { day } from "./audit-time.js";

const dayOf = (entry) => day(entry.at);

function append(list, entries, item, group) {
  for (const entry of entries) {
    const heading = group(entry);
    if (list.dataset.heading !== heading) {
      list.dataset.heading = heading;
      const title = make("h2", {}, heading);
      if (group === dayOf) title.dataset.day = entry.at;
      list.append(title, make("ol", { className: "entries" }));
    }
    list.lastElementChild.append(item(entry));
  }
}

/**
 * Append a list and its button "Show older" to the view, and load the first page.
 *
 * `load(cursor)` returns {items, next, message}, `item(entry)` a list item; `afterLoad`
 * is called with the items of each page, and `empty` is the text for no items at all.
 * `group(entry)` returns the heading of an item: its day, unless it is given.
 */
export async function pagedList(view, { load, item, afterLoad, empty, group = dayOf }) {
  const list = make("div", { className: "paged-list" });
  const more = button("Show older", async () => {
    const shown = list.querySelectorAll("summary").length;
    await attempt(loadPage);
    list.querySelectorAll("summary")[shown]?.focus();
  });
  const note = make("p", { className: "note", role: "status" });
  let cursor = null;

  async function loadPage() {
    const { items, next, message } = await load(cursor);
    cursor = next;
    const isFirst = list.childElementCount === 0;
    append(list, items, item, group);
    more.hidden = !next;
    note.textContent = message ?? (items.length ? "" : isFirst ? empty : "No more entries.");
    await afterLoad?.(items);
  }

  more.hidden = true;
  view.append(list, note, more);
  await loadPage();
}
