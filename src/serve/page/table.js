// Many campaigns as a dense table. Only the rows in sight exist: two thousand open and change as fast as thirty.

import { el, fill, icon, mark, say } from "./dom.js";
import { sortOf } from "./choice.js";
import { manyInWords, standing } from "./standing.js";
import { clock, ms, span } from "./time.js";

/** Rows beyond those in sight, above and below. */
const MARGIN = 8;

/** The columns: key, heading, and what a cell says. Words that a narrow window leaves out have a class. */
const COLUMNS = [
  { key: "name", word: "Campaign", kind: "who" },
  { key: "team", word: "Team", kind: "text wide", says: ({ team }) => team ?? "" },
  { key: "tenant", word: "Tenant", kind: "text wide", says: ({ tenant }) => tenant ?? "", only: "tenants" },
  { key: "state", word: "State", kind: "stand" },
  { key: "available", word: "Available", kind: "many", says: ({ available }) => available ?? "–" },
  { key: "low", word: "Thresholds", kind: "many wide", says: (campaign) => (campaign.pause_below === null ? "–" : `${campaign.pause_below} / ${campaign.resume_at}`) },
  { key: "since", word: "Since", kind: "many wide", says: ({ since }, { now }) => clock(ms(since), now) },
  { key: "pauses", word: "Pauses today", kind: "many widest", says: (_, { today }) => today?.pauses ?? "" },
  { key: "paused", word: "Paused today", kind: "many widest", says: (_, { today }) => (today ? span(today.paused_s) : "") },
];

class Row {
  constructor(id, hooks, columns) {
    this.id = id;
    this.name = el("span", { class: "name" });
    this.second = el("span", { class: "id second" });
    this.button = el("button", { type: "button", class: "open", click: () => hooks.toggle(id) }, this.name, this.second);
    this.badge = el("span", { class: "badge" });
    this.word = el("span", { class: "word" });
    this.short = el("span", { class: "short", "aria-hidden": "true" });
    this.cells = columns.map(({ key, kind, says }) => {
      const inner = key === "name" ? [this.button] : key === "state" ? [this.badge, this.word, this.short] : [];
      return { says, element: el(key === "name" ? "th" : "td", { class: kind, scope: key === "name" ? "row" : null }, inner) };
    });
    this.element = el("tr", {}, this.cells.map(({ element }) => element));
    this.element.dataset.campaign = id;
  }

  update(campaign, view, opened) {
    const doubtful = view.stale(campaign);
    const { word, short, icon: picture, tone } = standing(campaign, doubtful);
    say(this.short, short);
    mark(this.element, "class", `${tone}${opened ? " opened" : ""}`);
    mark(this.button, "aria-expanded", String(opened));
    fill(this.badge, picture, () => icon(picture));
    say(this.word, doubtful ? `${word} (last known)` : word);
    say(this.name, campaign.name ?? campaign.id);
    // What is cut off is told all the same.
    mark(this.button, "title", campaign.name ? `${campaign.name} (${campaign.id})` : campaign.id);
    say(this.second, campaign.name ? ` ${campaign.id}` : "");
    const beside = { now: ms(view.status.now), today: view.today.of(campaign.id) };
    for (const { says, element } of this.cells) if (says) say(element, String(says(campaign, beside)));
  }
}

export class Table {
  constructor(host, hooks) {
    this.host = host;
    this.hooks = hooks;
    this.rows = new Map();
    this.items = [];
    this.view = null;
    this.columns = null;
    const redraw = (anew) => () => {
      this.anew ||= anew;
      this.waiting ??= requestAnimationFrame(() => {
        this.waiting = null;
        if (this.anew) this.measured = null;
        this.draw(this.anew);
        this.anew = false;
      });
    };
    addEventListener("scroll", redraw(false), { passive: true });
    addEventListener("resize", redraw(true));
  }

  /** Takes it away. */
  clear() {
    this.items = [];
    this.rows.clear();
    this.columns = null;
    this.measured = null;
    this.host.replaceChildren();
  }

  /** Shows campaigns in sections. */
  show(sections, view, { sort, opened }) {
    this.view = view;
    this.opened = opened;
    this.build(Boolean(view.status.tenants?.length));
    this.items = sections.flatMap(({ name, campaigns }) =>
      (name === null ? [] : [{ section: name, many: campaigns.length }]).concat(campaigns.map((campaign) => ({ campaign }))));
    const { column, down } = sortOf(sort);
    this.heads.forEach(({ key, element, arrow }) => {
      const by = key === column;
      mark(element, "aria-sort", by ? (down ? "descending" : "ascending") : null);
      fill(arrow, by ? String(down) : "", () => (by ? [icon(down ? "down" : "up")] : []));
    });
    mark(this.table, "aria-rowcount", String(this.items.length + 1));
    this.draw(true);
  }

  build(tenants) {
    const key = String(tenants);
    if (this.columns?.key === key) return;
    this.clear();
    this.columns = COLUMNS.filter(({ only }) => !only || tenants);
    this.columns.key = key;
    this.heads = this.columns.map(({ key: column, word, kind }) => {
      const arrow = el("span", { class: "arrow" });
      const button = el("button", { type: "button", click: () => this.hooks.sort(column) }, word, arrow);
      return { key: column, arrow, element: el("th", { class: kind, scope: "col" }, button) };
    });
    this.above = el("tr", { class: "room", "aria-hidden": "true" }, el("td", {}));
    this.below = el("tr", { class: "room", "aria-hidden": "true" }, el("td", {}));
    this.body = el("tbody", {}, this.above, this.below);
    this.table = el("table", { class: "many-campaigns", "aria-label": "Campaigns" },
      el("thead", {}, el("tr", { "aria-rowindex": "1" }, this.heads.map(({ element }) => element))),
      this.body);
    this.host.replaceChildren(this.table);
  }

  /** The rows in sight, and some more. */
  sight() {
    const { height } = this.measure();
    const top = this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / height) - MARGIN);
    const last = Math.min(this.items.length, Math.ceil((innerHeight - top) / height) + MARGIN);
    return [Math.min(first, this.items.length), Math.max(last, 0), height];
  }

  /** How high every row is, as the style says, and how many columns the window has room for. */
  measure() {
    this.measured ??= {
      height: parseFloat(getComputedStyle(this.table).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize),
      columns: this.heads.filter(({ element }) => element.offsetWidth > 0).length,
    };
    return this.measured;
  }

  /** Draws what is in sight; while somebody scrolls only rows that come into it are new. */
  draw(anew) {
    if (!this.columns) return;
    const [first, last, height] = this.sight();
    const held = document.activeElement?.closest?.("tr[data-campaign]")?.dataset.campaign;
    const shown = this.items.slice(first, last);
    const wanted = new Set(shown.map((item) => item.campaign?.id ?? `section ${item.section}`));
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    let before = this.above;
    shown.forEach((item, n) => {
      const row = item.campaign ? this.campaign(item.campaign, anew) : this.section(item);
      mark(row.element, "aria-rowindex", String(first + n + 2));
      if (before.nextSibling !== row.element) before.after(row.element);
      before = row.element;
    });
    const room = (element, rows) => {
      const high = `${rows * height}px`;
      if (element.firstChild.style.height !== high) element.firstChild.style.height = high;
      element.hidden = rows === 0;
    };
    room(this.above, first);
    room(this.below, this.items.length - last);
    if (held && document.activeElement === document.body) this.rows.get(held)?.button?.focus({ preventScroll: true });
  }

  campaign(campaign, anew) {
    const known = this.rows.get(campaign.id);
    if (known && !anew) return known;
    const row = known ?? new Row(campaign.id, this.hooks, this.columns);
    this.rows.set(campaign.id, row);
    row.update(campaign, this.view, this.opened === campaign.id);
    return row;
  }

  section({ section, many }) {
    const id = `section ${section}`;
    let row = this.rows.get(id);
    if (!row) {
      const says = el("th", { class: "section", scope: "rowgroup" });
      row = { element: el("tr", { class: "section" }, says), says };
      this.rows.set(id, row);
    }
    // Columns that a narrow window leaves out are not spanned: they would be there again.
    row.says.colSpan = this.measure().columns;
    say(row.says, `${section} · ${manyInWords(many)}`);
    return row;
  }

  /** Gives the focus to a campaign's row, wherever it lies. */
  focus(id) {
    const at = this.items.findIndex((item) => item.campaign?.id === id);
    if (at < 0) return;
    if (!this.rows.has(id)) {
      const top = this.body.getBoundingClientRect().top + scrollY;
      scrollTo({ top: Math.max(0, top + at * this.measure().height - innerHeight / 2) });
      this.draw(false);
    }
    this.rows.get(id)?.button.focus({ preventScroll: true });
  }
}
