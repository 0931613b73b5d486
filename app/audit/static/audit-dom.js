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

/** A definition list of [name, value]: text or an element. What is null is left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== "");
  return make(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}
