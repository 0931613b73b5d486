// Formats of times: relative, by day, and exact.
import { make } from "./audit-dom.js";

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "full" });
const exactly = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });

/** Return the end of the present minute as a local time of a form, or an earlier one. */
export function localNow(earlier = 0) {
  const at = new Date(Date.now() - earlier + 60_000);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Convert a local time of a form to a timestamp. */
export function instant(local) {
  const at = new Date(local);
  if (Number.isNaN(at.getTime())) throw new Error("Enter a date and a time.");
  return at.toISOString();
}

/** Return the number of days from today to the local date of `at`. */
function daysFromToday(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  return Math.round((new Date(at).setHours(0, 0, 0, 0) - midnight) / 86_400_000);
}

/** Return "3 minutes ago" for a time of today, and the time of day for an earlier one. */
function ago(at) {
  const seconds = (Date.now() - at) / 1000;
  if (daysFromToday(at) < 0) return clock.format(at);
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["now"];
  return unit === "now" ? "just now" : relative.format(-Math.floor(seconds / length), unit);
}

export function day(timestamp) {
  const at = new Date(timestamp);
  const days = daysFromToday(at);
  const text = days > -2 ? relative.format(days, "day") : date.format(at);
  return text[0].toUpperCase() + text.slice(1);
}

export function exact(timestamp) {
  return exactly.format(new Date(timestamp));
}

export function time(timestamp) {
  const text = ago(new Date(timestamp));
  return make("time", { dateTime: timestamp, title: exact(timestamp) }, text);
}

setInterval(() => {
  for (const each of document.querySelectorAll("summary time")) {
    each.textContent = ago(new Date(each.dateTime));
  }
  for (const each of document.querySelectorAll("[data-day]")) {
    each.textContent = day(each.dataset.day);
  }
}, 30_000);
