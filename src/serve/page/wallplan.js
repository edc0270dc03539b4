// What the pages of a wall show: first what wants attention, then the others, and a whole turn stays short however many there are.

import { sections } from "./choice.js";
import { wantsAttention } from "./standing.js";

/** So many pages make a turn at most. */
export const MOST_PAGES = 8;

/** Pages for what wants attention: as parts, as tiles, and of tiles where there are more than those show. */
const PAGES = { parts: 3, tiles: 4, first: 2 };

/** The most of each kind beside and below each other, how large each is at least in pixels, and how wide for its height it is at best. */
const KINDS = {
  parts: { columns: 3, rows: 3, wide: 540, high: 180, aspect: 2 },
  tiles: { columns: 6, rows: 8, wide: 280, high: 96, aspect: 3 },
  groups: { columns: 4, rows: 4, wide: 400, high: 200, aspect: 2 },
};

/** On a screen that is held in the hand there is one column. */
const NARROW = 700;

/** How many columns and rows a screen has room for. */
function room(kind, wide, high) {
  const { columns, rows, wide: narrowest, high: lowest } = KINDS[kind];
  const fits = Math.max(1, Math.floor(high / lowest));
  if (wide < NARROW) return { columns: 1, rows: fits };
  return { columns: Math.max(1, Math.min(columns, Math.floor(wide / narrowest))), rows: Math.min(rows, fits) };
}

/** The columns and rows in which so many are the largest. */
export function shape(kind, many, wide, high) {
  const most = room(kind, wide, high);
  if (wide < NARROW) return { columns: 1, rows: Math.min(many, most.rows) };
  let best = null;
  for (let columns = 1; columns <= most.columns; columns += 1) {
    const rows = Math.ceil(many / columns);
    if (rows > most.rows) continue;
    const size = Math.min(wide / columns, (KINDS[kind].aspect * high) / rows);
    if (!best || size > best.size) best = { columns, rows, size };
  }
  return best ?? most;
}

function paged(kind, items, size, words) {
  const pages = [];
  for (let at = 0; at < items.length; at += size) pages.push({ kind, items: items.slice(at, at + size), words });
  return pages;
}

/** Sums by team or tenant, no more than `most`, those with the most to attend to first; smaller ones are one sum. */
function groups(campaigns, by, urgent, most) {
  const keys = [by, "team", "tenant"].filter((key) => key && campaigns.some((campaign) => campaign[key]));
  if (keys.length === 0) return { key: null, found: [{ name: "All", campaigns }] };
  const all = keys.map((key) => ({ key, found: sections(campaigns, key) }));
  const { key, found } = all.find((one) => one.found.length <= most) ?? all[0];
  const counted = found.map((group) => ({ ...group, urgent: group.campaigns.filter(urgent).length }));
  counted.sort((a, b) => b.urgent - a.urgent || b.campaigns.length - a.campaigns.length);
  if (counted.length <= most) return { key, found: counted };
  const rest = counted.slice(most - 1);
  const others = { name: `${rest.length} other ${key}s`, campaigns: rest.flatMap((group) => group.campaigns) };
  return { key, found: [...counted.slice(0, most - 1), others] };
}

/** The pages for campaigns that are sorted by what wants attention most; `stale` tells whose data are old. */
export function plan(campaigns, { stale, by }, wide, high) {
  const size = (kind) => {
    const { columns, rows } = room(kind, wide, high);
    return columns * rows;
  };
  const urgent = (campaign) => wantsAttention(campaign, stale(campaign));
  const [first, others] = [campaigns.filter(urgent), campaigns.filter((one) => !urgent(one))];
  if (campaigns.length <= size("parts") * MOST_PAGES) return paged("parts", [...first, ...others], size("parts"), "");
  const kind = first.length <= size("parts") * PAGES.parts ? "parts" : "tiles";
  const most = size("tiles") * PAGES.tiles;
  const cut = kind === "tiles" && first.length > most;
  const seen = cut ? first.slice(0, size("tiles") * PAGES.first) : first;
  const words = cut ? `the first ${seen.length} of ${first.length} that want attention` : "want attention";
  const pages = paged(kind, seen, size(kind), words);
  const left = MOST_PAGES - pages.length;
  if (!cut && others.length <= size("tiles") * left) return pages.concat(paged("tiles", others, size("tiles"), "the others"));
  const { key, found } = groups(cut ? campaigns : others, by, urgent, size("groups") * left);
  const whose = cut ? "all" : "the others";
  return pages.concat(paged("groups", found, size("groups"), key ? `${whose} by ${key}` : whose));
}
