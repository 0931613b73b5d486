// Makes elements. Every text goes in as text: what the API says is never markup.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function anchor(href, ...children) {
  return make("a", { href }, ...children);
}

export function button(text, action, className = "button quiet") {
  const element = make("button", { type: "button", className }, text);
  element.addEventListener("click", action);
  return element;
}

/** Return a list item: a line that opens to its body, which is made when opened. */
export function folded(time, words, body) {
  const line = make("span", { className: "line" }, ...words);
  const details = make("details", {}, make("summary", {}, time, line));
  const fill = () => details.append(make("div", { className: "body" }, ...body()));
  details.addEventListener("toggle", fill, { once: true });
  return make("li", { className: "entry" }, details);
}

/** A definition list of [name, value]: text or an element. What is null is left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== "");
  return make(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}
