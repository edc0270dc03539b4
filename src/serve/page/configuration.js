// The configuration in force: every value with where it comes from. The daemon says of secrets only that they are set.

import { get } from "./api.js";
import { el, say } from "./dom.js";

/** What nobody has set. */
const DEFAULT = "default";

/** A dialog with the values, read when it is opened. */
export function showConfiguration() {
  const told = el("p", { class: "about", role: "status" }, "Reading…");
  const rows = el("tbody");
  const find = el("input", { type: "search", id: "value-filter", autocomplete: "off", spellcheck: false, placeholder: "Key, value, origin" });
  const set = el("input", { type: "checkbox", checked: true });
  const table = el("table", { class: "values" },
    el("thead", {}, el("tr", {}, ["Key", "Value", "From"].map((name) => el("th", { scope: "col" }, name)))),
    rows);
  const close = el("button", { type: "button", class: "quiet", click: () => box.close() }, "Close");
  const box = el("dialog", { class: "wide", "aria-labelledby": "dialog-title" },
    el("div", { class: "boxed" },
      el("h2", { id: "dialog-title" }, "Configuration in force"),
      told,
      el("div", { class: "choices" },
        el("div", { class: "find" }, el("label", { for: "value-filter" }, "Find a value"), find),
        el("label", { class: "choice" }, set, "Only what differs from the defaults")),
      el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Values" }, table),
      el("div", { class: "buttons" }, close)));
  let values = [];
  const show = () => {
    const wanted = find.value.trim().toLowerCase();
    const chosen = values.filter(({ key, value, origin }) =>
      (!set.checked || origin !== DEFAULT) && `${key} ${value} ${origin}`.toLowerCase().includes(wanted));
    rows.replaceChildren(...chosen.map(({ key, value, origin }) =>
      el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, value || "–"), el("td", {}, origin))));
    say(told, values.length === 0 ? "This daemon was started without settings to read." : `${chosen.length} of ${values.length} values. What waits for a restart is not in force yet.`);
  };
  find.addEventListener("input", show);
  set.addEventListener("change", show);
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  get("api/v1/config").then((found) => {
    values = found.values;
    show();
  }, (wrong) => say(told, `It cannot be read: ${wrong.message}`));
}
