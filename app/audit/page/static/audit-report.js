// Tables of an import's report: what the file does, and its errors.
import { make } from "./audit-dom.js";

const row = (tag, cells) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));

function table(caption, head, rows) {
  return make(
    "table",
    { className: "report" },
    make("caption", {}, caption),
    make("thead", {}, row("th", head)),
    make("tbody", {}, ...rows.map((cells) => row("td", cells))),
  );
}

function errorTable({ errors, error_count: count }) {
  const more = count > errors.length ? `: the first ${errors.length} of ${count}` : "";
  const cells = errors.map((each) => [`${each.row}`, each.column ?? "", each.message]);
  return table(`Errors by row${more}`, ["Row", "Column", "Reason"], cells);
}

/** Return how many records the import writes. */
export const changedBy = (report) => report.created + report.updated;

export function reportTables(report) {
  const refused = new Set(report.errors.map((each) => each.row)).size;
  const isMore = report.error_count > report.errors.length;
  const rows = [
    ["created", `${report.created}`],
    ["changed", `${report.updated}`],
    ["unchanged", `${report.unchanged}`],
    ["refused", `${isMore ? "more than " : ""}${refused}`],
  ];
  const parts = [table("Rows of the file", ["The record is", "Rows"], rows)];
  if (report.ignored.length) {
    const names = `Read-only columns are not imported: ${report.ignored.join(", ")}.`;
    parts.push(make("p", { className: "note" }, names));
  }
  return report.error_count ? [...parts, errorTable(report)] : parts;
}
