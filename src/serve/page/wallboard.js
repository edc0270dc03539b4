// The wallboard: the screen is filled by as many campaigns as can be read from across the room, and pages turn by themselves.

import { addressOf } from "./address.js";
import { chosen } from "./choice.js";
import { el, fill, icon, mark, say } from "./dom.js";
import { belongs, GROUPS, holdInWords, standing, thresholdsOf, unitInWords } from "./standing.js";
import { clock, clockToSecond, ms, zone } from "./time.js";

/** A page is looked at for so long. */
const PAGE_MS = 12_000;

/** Parts on a page beside and below each other at most: at 1920x1080 the smallest letters are then of 36 pixels. */
const MOST = { columns: 3, rows: 3 };

/** No part is lower than this, in pixels. */
const LOWEST = 180;

/** Longer names, in letters, are smaller, so that their ends are seen. */
const LONG_NAME = 21;

/** On a screen that is held in the hand there is one column. */
const NARROW = 700;

/** Columns and rows for so many, and how many are on a page. */
export function grid(many, wide, high) {
  if (wide < NARROW) {
    const rows = Math.min(many, Math.max(1, Math.floor(high / LOWEST)));
    return { columns: 1, rows, page: rows };
  }
  const most = { columns: MOST.columns, rows: Math.max(1, Math.min(MOST.rows, Math.floor(high / LOWEST))) };
  const page = Math.min(many, most.columns * most.rows);
  // The shape in which the parts are the largest, about half as high as they are wide.
  let best = null;
  for (let columns = 1; columns <= most.columns; columns += 1) {
    const rows = Math.ceil(page / columns);
    if (rows > most.rows) continue;
    const size = Math.min(wide / columns, (2 * high) / rows);
    if (!best || size > best.size) best = { columns, rows, size };
  }
  return { columns: best.columns, rows: best.rows, page };
}

class Part {
  constructor() {
    const part = (name, tag = "div") => (this[name] = el(tag, { class: name }));
    this.element = el("li", {},
      el("div", { class: "top-line" }, part("badge", "span"), part("word", "span")),
      part("name", "h2"),
      el("div", { class: "agents" }, part("number", "span"), el("div", { class: "beside" }, part("unit", "p"), part("low", "p"), part("high", "p"))),
      part("more", "p"));
  }

  update(campaign, view, now) {
    const doubtful = view.stale(campaign);
    const { key, word, short, icon: picture, tone } = standing(campaign, doubtful);
    this.element.dataset.campaign = campaign.id;
    mark(this.element, "class", `part ${tone}`);
    fill(this.badge, picture, () => icon(picture));
    say(this.word, key === "running" || key === "unknown" ? word : `${key === "platform" ? "Stopped" : "Paused"}: ${short.toLowerCase()}`);
    const name = campaign.name ?? campaign.id;
    say(this.name, name);
    mark(this.name, "title", `${name} (${campaign.id})`);
    mark(this.name, "class", name.length > LONG_NAME ? "name long" : "name");
    say(this.number, campaign.calendar?.alone ? "" : campaign.available === null ? "–" : String(campaign.available));
    say(this.unit, unitInWords(campaign));
    const { low, high } = thresholdsOf(campaign);
    const alone = campaign.calendar?.alone;
    say(this.low, alone ? campaign.calendar.says : `pause below ${low}`);
    say(this.high, alone ? "" : `resume at ${high}`);
    const { hold } = campaign;
    const held = hold && `${holdInWords(hold.kind)} until ${clock(ms(hold.until), now)}`;
    say(this.more, `${doubtful ? "last known, " : ""}${held ?? `since ${clock(ms(campaign.since), now)}`}`);
  }
}

export class Wallboard {
  constructor(place) {
    this.place = place;
    place.hidden = false;
    this.page = 0;
    this.turnedAt = performance.now();
    this.parts = [];
    this.clock = el("span", { class: "clock" });
    this.tally = el("div", { class: "tally" });
    this.pages = el("p", { class: "pages" });
    this.list = el("ul", { class: "parts" });
    this.details = el("a", { href: "./" }, "All details");
    place.append(el("div", { class: "wall-top" }, this.tally, this.pages, this.clock, this.details), this.list);
    addEventListener("resize", () => this.view && this.draw());
  }

  show(view, looked) {
    this.view = view;
    this.looked = looked;
    mark(this.details, "href", `./${addressOf({ ...looked, wallboard: false }).replace(/^[^?]*/, "")}`);
    this.draw();
  }

  /** The clock is the daemon's, carried on; a page is turned when its time is over. */
  tick({ status, receivedAt }) {
    if (!status) return;
    const now = ms(status.now) + (status.ended ? 0 : performance.now() - receivedAt);
    say(this.clock, clockToSecond(now, now));
    mark(this.clock, "title", `Times are of ${zone()}`);
    if (performance.now() - this.turnedAt < PAGE_MS) return;
    this.turnedAt = performance.now();
    this.page += 1;
    this.draw();
  }

  draw() {
    const { view } = this;
    const now = ms(view.status.now);
    const campaigns = chosen(view.status.campaigns, { ...this.looked, sort: this.looked.sort || "attention" }, view.today, null);
    const { columns, rows, page } = grid(Math.max(1, campaigns.length), innerWidth, this.list.clientHeight);
    const many = Math.max(1, Math.ceil(campaigns.length / page));
    this.page %= many;
    const shown = campaigns.slice(this.page * page, (this.page + 1) * page);
    const style = (name, value) => {
      if (this.list.style.getPropertyValue(name) !== value) this.list.style.setProperty(name, value);
    };
    style("--columns", String(columns));
    style("--rows", String(rows));
    while (this.parts.length < shown.length) this.parts.push(new Part());
    shown.forEach((campaign, n) => {
      this.parts[n].update(campaign, view, now);
      if (this.list.children[n] !== this.parts[n].element) this.list.insertBefore(this.parts[n].element, this.list.children[n] ?? null);
    });
    while (this.list.children.length > shown.length) this.list.lastElementChild.remove();
    say(this.pages, many > 1 ? `Page ${this.page + 1} of ${many}` : "");
    const counts = GROUPS.map(({ key }) => campaigns.filter((campaign) => belongs(campaign, key)).length);
    const stale = campaigns.length > 0 && campaigns.every(view.stale);
    mark(this.tally, "class", stale ? "tally stale" : "tally");
    fill(this.tally, String(counts), () =>
      GROUPS.flatMap(({ short, icon: picture, tone }, n) =>
        counts[n] ? [el("span", { class: `chip ${tone}` }, icon(picture), el("span", { class: "many" }, String(counts[n])), " ", el("span", { class: "of" }, short))] : []));
  }
}
