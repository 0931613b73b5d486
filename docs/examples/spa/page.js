/** Small helpers of the page. Text is set as text, never as HTML. */

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [parent]
 * @returns {T}
 */
export function find(selector, type, parent = document) {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`There is no ${selector}`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {(Node | string)[]} children
 */
export function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

/**
 * Return what is wrong with a request, field by field; empty if nothing is. The answer
 * of a proxy in front of the API is no problem document.
 * @param {import("./schema").components["schemas"]["Problem"] | undefined} problem
 * @param {Response} response
 */
export function reason(problem, response) {
  if (response.ok) return "";
  const detail = problem?.detail ?? `The server answered ${response.status}. Try again later`;
  const fields = problem?.errors?.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`) ?? [];
  return [detail, ...fields].join(". ");
}

/** @param {string} text */
export function say(text) {
  find("#message", HTMLElement).textContent = text;
}
