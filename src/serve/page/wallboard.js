// The wallboard: the screen is filled by as many campaigns as can be read from across the room, and pages turn by themselves.

import { addressOf } from "./address.js";
import { campaign as address, get } from "./api.js";
import { chosen } from "./choice.js";
import { el, fill, icon, mark, say } from "./dom.js";
import { Spark } from "./spark.js";
import { manyInWords } from "./standing.js";
import { clockToSecond, ms, zone } from "./time.js";
import { counts, Group, Part, Tile } from "./wallparts.js";
import { plan, shape } from "./wallplan.js";

/** A page is looked at for so long. */
const PAGE_MS = 12_000;

const MADE_OF = { parts: Part, tiles: Tile, groups: Group };

/** The small plots of campaigns that are parts: each is asked for once, when it is first seen, and carried on by each status. */
class Sparks {
  constructor() {
    this.known = new Map();
    this.waiting = [];
  }

  take({ id }) {
    let spark = this.known.get(id);
    if (!spark) {
      spark = new Spark();
      this.known.set(id, spark);
      this.waiting.push(id);
      this.load();
    }
    return spark;
  }

  carryOn(campaigns, now) {
    for (const campaign of campaigns) this.known.get(campaign.id)?.push(campaign, now);
  }

  /** One after another: nobody waits for them. */
  async load() {
    if (this.loading) return;
    this.loading = true;
    for (let id = this.waiting.shift(); id !== undefined; id = this.waiting.shift()) {
      try {
        const series = await get(`${address(id, "series")}?since=2h`);
        this.known.get(id)?.load(series);
      } catch {
        // It goes on from here.
      }
    }
    this.loading = false;
  }
}

export class Wallboard {
  constructor(place) {
    this.place = place;
    this.page = 0;
    this.turnedAt = performance.now();
    this.pools = { parts: [], tiles: [], groups: [] };
    this.sparks = new Sparks();
    this.clock = el("span", { class: "clock" });
    this.tally = el("div", { class: "tally" });
    this.turn = el("span", {});
    this.words = el("span", { class: "words" });
    this.pages = el("p", { class: "pages" }, this.turn, " ", this.words);
    this.list = el("ul", { class: "parts" });
    this.details = el("a", { href: "./" }, "All details");
    place.append(el("div", { class: "wall-top" }, this.tally, this.pages, this.clock, this.details), this.list);
    addEventListener("resize", () => this.view && this.draw());
  }

  show(view, looked) {
    this.view = view;
    this.looked = looked;
    this.place.hidden = false;
    mark(this.details, "href", `./${addressOf({ ...looked, wallboard: false }).replace(/^[^?]*/, "")}`);
    this.sparks.carryOn(view.status.campaigns, ms(view.status.now));
    this.draw();
  }

  /** The past is asked for anew, after a time without the daemon. */
  forget() {
    this.sparks = new Sparks();
    for (const part of this.pools.parts) part.plot.filledWith = null;
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
    const { view, looked } = this;
    const campaigns = chosen(view.status.campaigns, { ...looked, sort: looked.sort || "attention" }, view.today, null);
    this.total(campaigns);
    const { clientWidth: wide, clientHeight: high } = this.list;
    const pages = plan(campaigns, { stale: view.stale, by: looked.by }, wide, high);
    if (pages.length === 0) {
      this.none(view.status.campaigns.length === 0 ? "No campaign was read yet." : "No campaign is as this address asks.");
      return;
    }
    this.page %= pages.length;
    const { kind, items, words } = pages[this.page];
    // The last page of a turn is of the same grid as those before it, so that nothing jumps in size.
    const fullest = pages.find((page) => page.kind === kind).items.length;
    const { columns, rows } = shape(kind, fullest, wide, high);
    this.grid(kind === "parts" ? "parts" : `parts ${kind}`, columns, rows);
    const pool = this.pools[kind];
    while (pool.length < items.length) pool.push(new MADE_OF[kind]());
    items.forEach((item, n) => {
      pool[n].update(item, view, ms(view.status.now), this.sparks);
      const { element } = pool[n];
      if (this.list.children[n] !== element) this.list.insertBefore(element, this.list.children[n] ?? null);
    });
    while (this.list.children.length > items.length) this.list.lastElementChild.remove();
    say(this.turn, pages.length > 1 ? `Page ${this.page + 1} of ${pages.length}` : "");
    say(this.words, words);
  }

  grid(kind, columns, rows) {
    mark(this.list, "class", kind);
    for (const [name, value] of [["--columns", String(columns)], ["--rows", String(rows)]]) {
      if (this.list.style.getPropertyValue(name) !== value) this.list.style.setProperty(name, value);
    }
  }

  none(words) {
    say(this.turn, "");
    say(this.words, "");
    this.grid("parts none", 1, 1);
    this.list.replaceChildren(el("li", {}, words));
  }

  /** How many there are and how they stand, of all pages. */
  total(campaigns) {
    const found = counts(campaigns);
    const stale = campaigns.length > 0 && campaigns.every(this.view.stale);
    mark(this.tally, "class", stale ? "tally stale" : "tally");
    const all = manyInWords(campaigns.length);
    fill(this.tally, JSON.stringify([found.map(({ many }) => many), all]), () => [
      el("span", { class: "total" }, all),
      ...found.filter(({ many }) => many > 0).map(({ short, picture, tone, many }) =>
        el("span", { class: `chip ${tone}` }, icon(picture), el("span", { class: "many" }, String(many)), " ", el("span", { class: "of" }, short))),
    ]);
  }
}
