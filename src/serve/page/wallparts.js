// What a wall's pages are made of: a campaign as a part that fills much of the screen or as a tile, and the sum of a team or a tenant.

import { el, fill, icon, mark, say } from "./dom.js";
import { belongs, GROUPS, holdInWords, manyInWords, standing, thresholdsOf, unitInWords } from "./standing.js";
import { clock, ms } from "./time.js";
import { dayInWords } from "./today.js";

/** Longer names, in letters, are smaller, so that their ends are seen. */
const LONG_NAME = 20;

/** As many states as this are told in large letters. */
const FEW_COUNTS = 4;

const pieces = (self) => (name, tag = "div", more = "") => (self[name] = el(tag, { class: `${name}${more}` }));

/** Its name, or its id where it has none. */
function sayName(place, campaign) {
  const { id } = campaign;
  const name = campaign.name ?? id;
  say(place, name);
  mark(place, "title", `${name} (${id})`);
  mark(place, "class", name.length > LONG_NAME ? "name long" : "name");
}

const numberOf = ({ available, calendar }) => (calendar?.alone ? "" : available === null ? "–" : String(available));

/** A campaign with its thresholds and its last two hours. */
export class Part {
  constructor() {
    const part = pieces(this);
    this.element = el("li", {},
      el("div", { class: "top-line" }, part("badge", "span"), part("word", "span"), part("team", "span", " wide")),
      part("name", "h2"),
      el("div", { class: "agents" }, part("number", "span"), el("div", { class: "beside" }, part("unit", "p"), part("low", "p"), part("high", "p")), part("plot")),
      el("div", { class: "bottom-line" }, part("more", "p"), part("day", "p", " wide")));
  }

  update(campaign, view, now, sparks) {
    const doubtful = view.stale(campaign);
    const { key, word, short, icon: picture, tone } = standing(campaign, doubtful);
    this.element.dataset.campaign = campaign.id;
    mark(this.element, "class", `part ${tone}`);
    fill(this.badge, picture, () => icon(picture));
    say(this.word, key === "running" || key === "unknown" ? word : `${key === "platform" ? "Stopped" : "Paused"}: ${short.toLowerCase()}`);
    sayName(this.name, campaign);
    say(this.number, numberOf(campaign));
    say(this.unit, unitInWords(campaign));
    const { low, high } = thresholdsOf(campaign);
    const alone = campaign.calendar?.alone;
    say(this.low, alone ? campaign.calendar.says : `pause below ${low}`);
    say(this.high, alone ? "" : `resume at ${high}`);
    const { hold } = campaign;
    const held = hold && `${holdInWords(hold.kind)} until ${clock(ms(hold.until), now)}`;
    say(this.more, `${doubtful ? "last known, " : ""}${held ?? `since ${clock(ms(campaign.since), now)}`}`);
    say(this.team, campaign.team ?? "");
    say(this.day, dayInWords(view.today.of(campaign.id)));
    const spark = sparks.take(campaign);
    fill(this.plot, campaign.id, () => spark.element);
    spark.draw(now);
  }
}

/** A campaign among many: its state, its name and its number. */
export class Tile {
  constructor() {
    const part = pieces(this);
    this.element = el("li", {}, part("name", "h2"), part("badge", "span"), part("word", "span"), part("number", "span"));
  }

  update(campaign, view) {
    const { short, icon: picture, tone } = standing(campaign, view.stale(campaign));
    this.element.dataset.campaign = campaign.id;
    mark(this.element, "class", `tile ${tone}`);
    sayName(this.name, campaign);
    fill(this.badge, picture, () => icon(picture));
    say(this.word, short);
    say(this.number, numberOf(campaign));
  }
}

/** How many of some campaigns stand how, as words with pictures. */
export function counts(campaigns) {
  return GROUPS.map(({ key, short, icon: picture, tone }) => ({ short, picture, tone, many: campaigns.filter((campaign) => belongs(campaign, key)).length }));
}

/** A team or a tenant in one sum. */
export class Group {
  constructor() {
    const part = pieces(this);
    this.element = el("li", { class: "group" }, part("name", "h2"), part("total", "p"), part("counts", "ul"));
  }

  update({ name, campaigns }, view) {
    const found = counts(campaigns);
    const old = campaigns.filter(view.stale).length;
    // The bar beside it has the colour of the worst that there is.
    const worst = found.find(({ many }) => many > 0)?.tone ?? "off";
    mark(this.element, "class", `group ${old === campaigns.length ? "stale" : worst}`);
    say(this.name, name);
    say(this.total, manyInWords(campaigns.length));
    mark(this.counts, "class", found.filter(({ many }) => many > 0).length > FEW_COUNTS ? "counts" : "counts few");
    fill(this.counts, JSON.stringify([found.map(({ many }) => many), old]), () =>
      found.filter(({ many }) => many > 0).map(({ short, picture, tone, many }) =>
        el("li", { class: old === campaigns.length ? "stale" : tone }, icon(picture), el("strong", {}, String(many)), el("span", {}, short))));
  }
}
