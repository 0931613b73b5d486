// DOM elements. Text is always inserted as text nodes, never parsed as markup.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function anchor(href, ...children) {
  return make("a", { href }, ...children);
}

/** Return a button. A double click runs its action once. */
export function button(text, action, className = "button quiet") {
  const element = make("button", { type: "button", className }, text);
  let running = null;
  const run = async () => action();
  element.addEventListener("click", () => {
    running ??= run().finally(() => (running = null));
  });
  return element;
}

/** Return a list item that expands; `body()` makes its content when first expanded. */
export function collapsible(time, summary, body) {
  const line = make("span", { className: "line" }, ...summary);
  const details = make("details", {}, make("summary", {}, time, line));
  const fill = () => details.append(make("div", { className: "body" }, ...body()));
  details.addEventListener("toggle", fill, { once: true });
  return make("li", { className: "entry" }, details);
}

/** Return a definition list of [name, text or element]; leave out empty values. */
export function definitionList(pairs) {
  const present = pairs.filter(([, value]) => value !== null && value !== "");
  return make(
    "dl",
    { className: "facts" },
    ...present.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}
