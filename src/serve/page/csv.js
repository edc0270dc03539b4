// Tables as files: what is seen, as comma-separated values.

import { el } from "./dom.js";

/** A cell. Text that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of a table. */
export function csv(heads, rows) {
  return [heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n").concat("\r\n");
}

/** Gives a table to the browser as a file. */
export function save(name, heads, rows) {
  const href = URL.createObjectURL(new Blob([csv(heads, rows)], { type: "text/csv" }));
  const link = el("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 1_000);
}
