// Filter forms. Their values are stored in the URL's hash.
import { make } from "./audit-dom.js";
import { nameOf } from "./audit-names.js";
import { link, navigate } from "./audit-route.js";

function control({ name, options, ...rest }, value) {
  const id = `filter-${name}`;
  if (!options) return make("input", { id, name, value, autocomplete: "off", ...rest });
  const choices = options.map(([key, text]) => make("option", { value: key }, text));
  const select = make("select", { id, name }, ...choices);
  select.value = value;
  return select;
}

function labelled({ label, ...field }, value) {
  const htmlFor = `filter-${field.name}`;
  return make("div", {}, make("label", { htmlFor }, label), control(field, value));
}

/** Return a link that removes the filter, for each filter without a control. */
function chips(view, fields, values) {
  const inForm = new Set(fields.map((field) => field.name));
  return Object.entries(values)
    .filter(([name, value]) => value && !inForm.has(name))
    .map(([name]) => {
      const label = name.replace(/_id$/, "").replaceAll("_", " ");
      const text = `${label} ${displayValue(name, values[name])}`;
      const cross = make("span", { ariaHidden: "true" }, "×");
      const href = link([view], { ...values, [name]: "" });
      const ariaLabel = `Remove filter: ${text}`;
      return make("a", { href, className: "chip", ariaLabel }, text, " ", cross);
    });
}

function displayValue(name, value) {
  return ["actor_id", "user_id"].includes(name) ? nameOf("User", value) : value;
}

export function filters(view, fields, values) {
  const form = make("form", { className: "filters", role: "search" });
  const apply = () => {
    const chosen = Object.fromEntries(new FormData(form));
    navigate(link([view], { ...values, ...chosen }));
  };
  form.append(...fields.map((field) => labelled(field, values[field.name] ?? "")));
  form.append(make("button", { type: "submit", className: "button" }, "Show"));
  // What is typed waits for "Show": a date changes with each digit of its year.
  form.addEventListener("change", (event) => event.target.matches("select") && apply());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  return make("div", {}, form, make("p", { className: "chips" }, ...chips(view, fields, values)));
}

/** Convert two local dates, both inclusive, to the parameters `since` and `until`. */
export function timeRange({ from, to }) {
  const midnight = (value, days) => {
    const at = new Date(`${value}T00:00`);
    at.setDate(at.getDate() + days);
    return Number.isNaN(at.getTime()) ? "" : at.toISOString();
  };
  return { since: from && midnight(from, 0), until: to && midnight(to, 1) };
}

export const DATES = [
  { name: "from", label: "From", type: "date" },
  { name: "to", label: "To", type: "date" },
];
