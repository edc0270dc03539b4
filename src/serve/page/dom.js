// Making elements, and changing only what differs: a screen reader and a person's selection are left alone by what stays.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Of `properties`, `class` and names with a dash become attributes; functions become listeners. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else if (name === "class" || name === "for" || name === "list" || name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Sets the text if it is another one. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute if it is another one; `null` takes it away. */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Replaces the children, if `key` is another one than the last time. */
export function fill(element, key, make) {
  if (element.filledWith === key) return;
  element.filledWith = key;
  element.replaceChildren(...[make()].flat());
}

const PATHS = {
  play: "M7 5.2v13.6a.8.8 0 0 0 1.2.7l11-6.8a.8.8 0 0 0 0-1.4l-11-6.8a.8.8 0 0 0-1.2.7z",
  pause: "M6.5 5h3.6v14H6.5zM13.9 5h3.6v14h-3.6z",
  person: "M12 3.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20c.4-4.3 3.4-6.6 7.5-6.600s7.1 2.3 7.5 6.600z",
  stop: "M6 6h12v12H6z",
  unknown: "M11 15.500h2.200v2.400H11zM12.1 5.500c2.7 0 4.6 1.6 4.6 4 0 1.7-.8 2.7-2.2 3.6-1 .7-1.3 1.1-1.3 1.900H11c0-1.7.6-2.6 2-3.5 1-.7 1.4-1.1 1.4-1.9 0-1.1-.9-1.9-2.3-1.9-1.5 0-2.4.9-2.5 2.300H7.300c.1-2.7 2-4.5 4.8-4.500z",
  calendar: "M7 3h2v2h6V3h2v2h3v15H4V5h3zm-1 6.500V18h12V9.500z",
  lock: "M7.5 10V8a4.5 4.5 0 0 1 9 0v2H18v10H6V10zm2.2 0h4.600V8a2.3 2.3 0 0 0-4.6 0z",
  thresholds: "M3 7h18v2.200H3zM3 14.800h5v2.200H3zm6.5 0h5v2.200h-5zm6.5 0h5v2.200h-5z",
  warning: "M12 3.5 22 20.500H2zM11 10v5h2v-5zm0 6.300v2h2v-2z",
  info: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm-1 7.500V17h2v-6.500zM11 7v2h2V7z",
  check: "m9.6 16.8-4.4-4.4-1.6 1.6 6 6L20.8 8.800l-1.6-1.600z",
  skip: "M5 11h14v2H5z",
  agents: "M9 5a3.2 3.2 0 1 1 0 6.400A3.2 3.2 0 0 1 9 5zm7.5 1.500a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM2.5 18.500c.3-3.4 2.9-5.3 6.5-5.300s6.2 1.9 6.5 5.300zm14.5 0c-.1-1.9-.8-3.5-1.9-4.6.4-.1.9-.1 1.4-.1 2.9 0 4.8 1.6 5 4.700z",
  up: "m12 8.400 6.3 6.3-1.500 1.5-4.8-4.8-4.8 4.8-1.5-1.5z",
  down: "m12 15.6-6.3-6.3 1.5-1.5 4.8 4.8 4.8-4.8 1.5 1.500z",
};

/** A picture beside a word; never the only thing that says something. */
export function icon(name) {
  const path = svg("path", { d: PATHS[name], "fill-rule": "evenodd" });
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, path);
}
