// Which campaigns are shown, and in which order: by words, groups and columns, and in sections by team or tenant.

import { belongs, standing } from "./standing.js";

/** Words of a name in the order of the alphabet, with numbers by their value. */
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** The columns by which campaigns are sorted: of each, what it compares. */
export const COLUMNS = {
  attention: ({ rank }) => rank,
  name: ({ campaign }) => campaign.name ?? campaign.id,
  team: ({ campaign }) => campaign.team ?? "",
  tenant: ({ campaign }) => campaign.tenant ?? "",
  state: ({ word }) => word,
  available: ({ campaign }) => campaign.available ?? -1,
  low: ({ campaign }) => campaign.pause_below ?? -1,
  since: ({ campaign }) => campaign.since,
  pauses: ({ today }) => today?.pauses ?? -1,
  paused: ({ today }) => today?.paused_s ?? -1,
};

/** The column and the direction that an address names, such as `-available`. */
export function sortOf(text) {
  const down = text.startsWith("-");
  const column = down ? text.slice(1) : text;
  return column in COLUMNS ? { column, down } : { column: "attention", down: false };
}

/** What is searched for words. */
function searched(one) {
  return [one.id, one.name, one.team, one.note, one.hold?.author, one.hold?.reason, one.set?.author, one.set?.reason, one.why].join(" ").toLowerCase();
}

/** The campaigns of the tenant and the team that are chosen, and that have the words: of those each group has its number. */
export function within(campaigns, { tenant, team, q }) {
  const words = q.trim().toLowerCase();
  return campaigns.filter((one) =>
    (!tenant || one.tenant === tenant) && (!team || (one.team ?? "") === team) && (!words || searched(one).includes(words)));
}

/** The campaigns that a view shows, in its order. `order` is the one before, which stays where nothing may move. */
export function chosen(campaigns, view, today, order) {
  const found = within(campaigns, view).filter((one) => !view.show || belongs(one, view.show));
  const { column, down } = sortOf(view.sort);
  const value = COLUMNS[column];
  const rows = found.map((campaign) => {
    const { rank, word } = standing(campaign);
    const row = { campaign, rank, word, today: today.of(campaign.id) };
    return { ...row, value: value(row) };
  });
  const place = order && new Map(order.map((id, n) => [id, n]));
  const compare = (a, b) => (typeof a === "string" ? collator.compare(a, b) : a - b);
  rows.sort((a, b) => {
    if (place) return (place.get(a.campaign.id) ?? Infinity) - (place.get(b.campaign.id) ?? Infinity) || a.rank - b.rank;
    return (down ? -1 : 1) * compare(a.value, b.value);
  });
  return rows.map(({ campaign }) => campaign);
}

/** Campaigns in sections by team or tenant; those of none come last. */
export function sections(campaigns, by) {
  if (by !== "team" && by !== "tenant") return [{ name: null, campaigns }];
  const found = new Map();
  for (const campaign of campaigns) {
    const name = campaign[by] ?? "";
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(campaign);
  }
  const names = [...found.keys()].sort((a, b) => (a === "") - (b === "") || collator.compare(a, b));
  return names.map((name) => ({ name: name || (by === "team" ? "No team" : "No tenant"), campaigns: found.get(name) }));
}

/** The teams that there are. */
export function teams(campaigns) {
  return [...new Set(campaigns.map((one) => one.team).filter(Boolean))].sort(collator.compare);
}
