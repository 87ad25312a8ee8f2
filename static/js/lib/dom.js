// Builds elements. Text is always text: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Attributes: `class`, `dataset` (object), `on` ({event: listener}), others as they are;
 * null and false leave an attribute out. Children: nodes, strings, null for none.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} attributes
 * @param {any[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export const element = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children);

/**
 * The same of SVG.
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} attributes
 * @param {any[]} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);

/**
 * @template {HTMLElement | SVGElement} Made
 * @param {Made} made
 */
function fill(made, attributes, children) {
  setAttributes(made, attributes);
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

/**
 * @param {HTMLElement | SVGElement} node
 * @param {Record<string, any>} attributes
 */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "dataset") Object.assign(node.dataset, value);
    else if (value == null || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
}

/** Set the text if it is another: a node that is written anew loses the reader's selection. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/**
 * The element of a template with this id. Which kind it is the template says, and no script.
 * @type {(id: string) => any}
 */
export const byId = (id) => document.getElementById(id);

/** JSON that the server put into the page. */
export const pageJson = (id) => JSON.parse(byId(id)?.textContent ?? "null");

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A number with its unit beside it, smaller. */
export const withUnit = (number, unit) =>
  unit ? [number, " ", element("small", {}, unit)] : [number];

/** Replace the children only if what they say has changed. */
export function refill(node, key, make) {
  if (!node || node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...[make()].flat().filter((child) => child != null && child !== false));
}
