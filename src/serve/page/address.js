// The view is kept in the page's address, so that it can be saved, sent and opened again.

/** What the address may say, and what holds where it says nothing. */
const DEFAULTS = { q: "", show: "", team: "", tenant: "", by: "", view: "", sort: "" };

/** What the address says. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const view = Object.fromEntries(Object.entries(DEFAULTS).map(([key, none]) => [key, query.get(key) ?? none]));
  return { ...view, wallboard: query.has("wallboard") };
}

/** The address that says it; what holds anyway is left out. */
export function addressOf(view) {
  const query = new URLSearchParams();
  for (const key of Object.keys(DEFAULTS)) if (view[key]) query.set(key, view[key]);
  const said = [view.wallboard && "wallboard", query.toString()].filter(Boolean).join("&");
  return said ? `?${said}` : location.pathname;
}

/** Keeps it in the address, beside the campaign that is open. */
export function writeAddress(view) {
  history.replaceState(null, "", addressOf(view) + location.hash);
}

/** The campaign that the address names. */
export function openedCampaign() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

/** Names the campaign that is open, or none. */
export function nameOpened(id) {
  history.replaceState(null, "", location.pathname + location.search + (id ? `#${encodeURIComponent(id)}` : ""));
}
