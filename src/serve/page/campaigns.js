// The campaigns: few as cards, many as a table; found by a word, a group, a team or a tenant, and kept in the address.

import { campaign as address, get } from "./api.js";
import { addressOf, nameOpened, readAddress, writeAddress } from "./address.js";
import { Card } from "./card.js";
import { chosen, sections, sortOf, teams, within } from "./choice.js";
import { Detail } from "./detail.js";
import { el, fill, icon, mark, say } from "./dom.js";
import { belongs, GROUPS, manyInWords } from "./standing.js";
import { Table } from "./table.js";
import { tenantChoices } from "./tenants.js";

/** Cards at first, and by each "more". */
const CARDS = 100;

/** More campaigns than this are a table, unless somebody asks for cards. */
const FEW = 60;

/** Small plots that are asked for at once. */
const SPARKS_AT_ONCE = 2;

export class Campaigns {
  constructor(places, hooks) {
    this.places = places;
    this.hooks = hooks;
    this.looked = readAddress();
    this.known = new Map();
    this.most = CARDS;
    this.order = [];
    this.open = null;
    this.detail = null;
    this.waiting = [];
    this.asking = 0;
    this.cardHooks = { toggle: (id) => this.toggle(id), act: hooks.act };
    this.table = new Table(places.table, { toggle: (id) => this.toggle(id), sort: (column) => this.sort(column) });
    this.seen = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: "200px" });
    places.filter.value = this.looked.q;
    places.filter.addEventListener("input", () => this.look({ q: places.filter.value }));
    for (const key of ["tenant", "team", "by"]) {
      places[key].addEventListener("change", () => this.look({ [key]: places[key].value }));
    }
    // What is shown anyway is not kept: it follows the number of campaigns.
    places.view.addEventListener("change", () => this.look({ view: places.view.value === this.usual() ? "" : places.view.value }));
  }

  /** Looks at other campaigns, or in another way. */
  look(changed) {
    Object.assign(this.looked, changed);
    this.most = CARDS;
    writeAddress(this.looked);
    this.hooks.looked(addressOf(this.looked));
    if (this.view) this.show(this.view);
  }

  sort(column) {
    const { column: before, down } = sortOf(this.looked.sort);
    const next = before !== column ? column : down ? "" : `-${column}`;
    this.look({ sort: next });
  }

  /** Shows a status. */
  show(view) {
    this.view = view;
    this.choices();
    this.tally();
    this.arrange();
    view.today.show(this.its(), Date.parse(view.status.now));
  }

  /** Opens a campaign, if it is there. */
  reveal(id) {
    if (this.open !== id && this.view.status.campaigns.some((campaign) => campaign.id === id)) this.toggle(id);
  }

  /** The campaigns of the tenant and the team that are chosen and that have the words, or all. */
  its() {
    return within(this.view.status.campaigns, this.looked);
  }

  /** How the view narrows the campaigns, and to which; no members where it shows all of them. */
  narrowed() {
    const { tenant, team, q, show } = this.looked;
    const { campaigns } = this.view.status;
    const shown = new Set(this.order);
    const members = shown.size > 0 && shown.size < campaigns.length ? campaigns.filter(({ id }) => shown.has(id)) : null;
    return { tenant, team, others: members !== null && Boolean(q.trim() || show), members };
  }

  isTable() {
    const { view } = this.looked;
    return (view || this.usual()) === "table";
  }

  usual() {
    return this.view.status.campaigns.length > FEW ? "table" : "cards";
  }

  /** What there is to choose from. */
  choices() {
    const { status } = this.view;
    const offer = (select, options, value) => {
      // What an address names is there to be seen, though nothing has it.
      const all = options.some(([known]) => known === value) ? options : [...options, [value, value]];
      fill(select, JSON.stringify(all), () => all.map(([known, word]) => el("option", { value: known }, word)));
      if (select.value !== value) select.value = value;
    };
    const { tenant, team, by } = this.looked;
    const tenants = tenantChoices(status);
    const known = teams(status.campaigns);
    offer(this.places.tenant, [["", "All tenants"], ...tenants], tenant);
    offer(this.places.team, [["", "All teams"], ...known.map((name) => [name, name])], team);
    const groups = [["", "Nothing"], known.length > 0 && ["team", "Team"], tenants.length > 0 && ["tenant", "Tenant"]];
    offer(this.places.by, groups.filter(Boolean), by);
    offer(this.places.view, [["cards", "Cards"], ["table", "Table"]], this.isTable() ? "table" : "cards");
    this.places.tenant.parentElement.hidden = tenants.length === 0 && !tenant;
    this.places.team.parentElement.hidden = known.length === 0 && !team;
    this.places.by.parentElement.hidden = tenants.length + known.length === 0 && !by;
    this.places.view.parentElement.hidden = status.campaigns.length < 2;
  }

  tally() {
    const campaigns = this.its();
    const counts = GROUPS.map(({ key }) => campaigns.filter((campaign) => belongs(campaign, key)).length);
    const { show } = this.looked;
    const stale = campaigns.length > 0 && campaigns.every(this.view.stale);
    mark(this.places.tally, "class", stale ? "tally stale" : "tally");
    const focused = this.places.tally.contains(document.activeElement) ? document.activeElement.dataset.group : null;
    fill(this.places.tally, `${counts} ${show}`, () =>
      GROUPS.flatMap(({ key: group, word, icon: picture, tone }, n) => {
        if (counts[n] === 0 && show !== group) return [];
        const choose = () => this.look({ show: show === group ? "" : group });
        const button = el("button", { type: "button", class: `chip ${tone}`, "aria-pressed": String(show === group), click: choose },
          icon(picture), el("span", { class: "many" }, String(counts[n])), " ", el("span", { class: "of" }, word));
        button.dataset.group = group;
        return [button];
      }));
    if (focused) this.places.tally.querySelector(`[data-group="${focused}"]`)?.focus();
  }

  arrange() {
    // Nothing moves under somebody's hands.
    const still = !this.looked.sort && (this.open !== null || this.places.rows.contains(document.activeElement));
    const wanted = chosen(this.view.status.campaigns, this.looked, this.view.today, still && this.order.length ? this.order : null);
    this.order = wanted.map(({ id }) => id);
    const inSections = sections(wanted, this.looked.by);
    const table = this.isTable();
    const { length: all } = this.view.status.campaigns;
    say(this.places.share, wanted.length < all && wanted.length > 0 ? `${wanted.length} of ${all} campaigns` : "");
    if (table) {
      this.table.show(inSections, this.view, { sort: this.looked.sort, opened: this.open });
    } else if (this.places.table.firstChild) {
      this.table.clear();
    }
    const shown = this.cards(table ? [] : inSections);
    this.opened();
    fill(this.places.rest, `${table} ${shown} ${wanted.length} ${all}`, () => this.rest(table ? wanted.length : shown, wanted.length, all));
  }

  /** Shows cards, in sections with headings; returns how many. */
  cards(inSections) {
    let room = this.most;
    const shown = [];
    for (const { name, campaigns } of inSections) {
      const some = campaigns.slice(0, room);
      room -= some.length;
      if (name !== null && some.length > 0) shown.push(this.heading(name, campaigns.length));
      for (const campaign of some) shown.push(this.card(campaign).element);
    }
    const { rows } = this.places;
    const focused = document.activeElement;
    shown.forEach((element, n) => {
      if (rows.children[n] !== element) rows.insertBefore(element, rows.children[n] ?? null);
    });
    while (rows.children.length > shown.length) rows.lastElementChild.remove();
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    for (const [id, card] of this.known) {
      if (card.element.isConnected || id === this.open) continue;
      this.seen.unobserve(card.element);
      this.known.delete(id);
    }
    return shown.filter(({ dataset }) => dataset.campaign).length;
  }

  heading(name, many) {
    this.headings ??= new Map();
    const known = this.headings.get(name) ?? el("li", { class: "section" }, el("h3", {}));
    this.headings.set(name, known);
    fill(known.firstChild, `${name} ${many}`, () => [name, " ", el("span", { class: "of" }, manyInWords(many))]);
    return known;
  }

  card(campaign) {
    let card = this.known.get(campaign.id);
    if (!card) {
      card = new Card(campaign.id, this.cardHooks);
      this.known.set(campaign.id, card);
      this.seen.observe(card.element);
    }
    card.update(campaign, this.view);
    return card;
  }

  /** The campaign that is open stays, whatever is looked for: in its place among the cards, or else above them. */
  opened() {
    const { opened, rows } = this.places;
    const campaign = this.view.status.campaigns.find(({ id }) => id === this.open);
    if (this.open && !campaign) this.toggle(this.open);
    if (!campaign) return;
    const card = this.card(campaign);
    if (!rows.contains(card.element) && opened.firstElementChild !== card.element) opened.replaceChildren(card.element);
    this.detail.update(this.view);
  }

  rest(shown, wanted, all) {
    if (all === 0) return [el("p", {}, "No campaign was read yet.")];
    if (wanted === 0) return [el("p", {}, "No campaign matches the search.")];
    if (shown >= wanted) return [];
    const more = () => {
      this.most += CARDS;
      this.arrange();
    };
    return [
      el("p", {}, `${shown} of ${wanted} campaigns are shown, what wants attention first.`),
      el("button", { type: "button", class: "quiet", click: more }, "Show more"),
    ];
  }

  toggle(id) {
    const before = this.open;
    if (before) {
      this.detail.close();
      this.detail = null;
      this.known.get(before)?.open(false);
      this.places.opened.replaceChildren();
    }
    this.open = before === id ? null : id;
    nameOpened(this.open);
    if (this.open) {
      const campaign = this.view.status.campaigns.find((one) => one.id === id);
      const card = this.card(campaign);
      card.open(true);
      this.detail = new Detail(card.panel, id, this.view);
      this.arrange();
      card.button.focus({ preventScroll: true });
      card.element.scrollIntoView({ block: "nearest" });
      this.hooks.opened();
      return;
    }
    this.arrange();
    if (this.isTable()) this.table.focus(before);
    else this.known.get(before)?.button.focus();
  }

  /** Small plots are asked for when their card comes into sight. */
  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const card = this.known.get(target.dataset.campaign);
      if (!card) continue;
      card.visible = isIntersecting;
      if (!isIntersecting) continue;
      card.spark.draw(Date.parse(this.view.status.now));
      if (!card.asked) this.waiting.push(card);
      card.asked = true;
    }
    this.ask();
  }

  /** The past is asked for anew, after a time without the daemon. */
  forget() {
    for (const card of this.known.values()) {
      card.asked = card.visible;
      if (card.visible) this.waiting.push(card);
    }
    this.ask();
  }

  async ask() {
    if (this.asking >= SPARKS_AT_ONCE) return;
    const card = this.waiting.shift();
    if (!card) return;
    this.asking += 1;
    try {
      if (card.visible) card.spark.load(await get(`${address(card.id, "series")}?since=2h`));
      else card.asked = false;
      card.spark.draw(Date.parse(this.view.status.now));
    } catch {
      // It goes on from here; the next look asks again.
      card.asked = false;
    } finally {
      this.asking -= 1;
      this.ask();
    }
  }
}
