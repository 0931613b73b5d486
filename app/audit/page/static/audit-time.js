// Tells times: how long ago, on which day, and exactly.
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

function sinceMidnight(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  return Math.round((new Date(at).setHours(0, 0, 0, 0) - midnight) / 86_400_000);
}

/** "3 minutes ago" of today, and the time of the day before that. */
function ago(at) {
  const seconds = (Date.now() - at) / 1000;
  if (sinceMidnight(at) < 0) return clock.format(at);
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["now"];
  return unit === "now" ? "just now" : relative.format(-Math.floor(seconds / length), unit);
}

export function day(instant) {
  const at = new Date(instant);
  const days = sinceMidnight(at);
  const word = days > -2 ? relative.format(days, "day") : date.format(at);
  return word[0].toUpperCase() + word.slice(1);
}

export function exact(instant) {
  return exactly.format(new Date(instant));
}

export function time(instant) {
  const text = ago(new Date(instant));
  return make("time", { dateTime: instant, title: exact(instant) }, text);
}

setInterval(() => {
  for (const each of document.querySelectorAll("summary time")) {
    each.textContent = ago(new Date(each.dateTime));
  }
}, 30_000);
