// Requests of an import: one, or one for each slice of a large file.
import { call } from "./audit-api.js";
import { pathOf } from "./audit-names.js";
import { changedBy } from "./audit-report.js";
import { query } from "./audit-route.js";
import { isLines } from "./audit-slices.js";

const COUNTS = ["created", "updated", "unchanged", "error_count"];
const MAX_SHOWN = 100;

/** Import the content, or try to; resolve to the report. */
export function upload({ entity, key, file }, content, values) {
  const options = {
    method: "POST",
    headers: { "Content-Type": isLines(file) ? "application/jsonl" : "text/csv" },
    body: content,
  };
  return call(`${pathOf(entity)}/import${query({ key, ...values })}`, options);
}

/** Say in an error, which ends an import, what was imported before. */
function afterSome(sum, error) {
  const records = changedBy(sum);
  if (records) error.message = `Stopped after ${records} records were imported: ${error.message}`;
  return error;
}

/** Import slice by slice; `advance` gets the part that is done, from 0 to 1. */
export async function uploadSlices(chosen, slices, advance) {
  const sum = { created: 0, updated: 0, unchanged: 0, error_count: 0, errors: [], ignored: [] };
  for (const { content, skipped, end } of slices) {
    const report = await upload(chosen, content, { atomic: "false" }).catch((error) => {
      throw afterSome(sum, error);
    });
    for (const name of COUNTS) sum[name] += report[name];
    const errors = report.errors.map((each) => ({ ...each, row: each.row + skipped }));
    sum.errors.push(...errors.slice(0, MAX_SHOWN - sum.errors.length));
    advance(end / chosen.file.size);
  }
  return sum;
}
