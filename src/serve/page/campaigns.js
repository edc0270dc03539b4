// The list of campaigns: what wants attention first, found by a word or a group, and never more rows than can be looked at.

import { campaign as address, get } from "./api.js";
import { Detail } from "./detail.js";
import { el, fill, icon, mark, say } from "./dom.js";
import { Spark } from "./plot.js";
import { belongs, GROUPS, holdInWords, standing } from "./standing.js";
import { chooseTenant } from "./tenants.js";
import { clock, ms, sentence, span } from "./time.js";

/** Rows at first, and by each "more". */
const ROWS = 100;

/** Small plots that are asked for at once. */
const SPARKS_AT_ONCE = 2;

export class Campaigns {
  constructor({ rows, rest, tally, filter, tenant }, hooks) {
    this.places = { rows, rest, tally };
    this.filter = filter;
    this.choice = tenant;
    this.tenant = null;
    this.hooks = hooks;
    this.known = new Map();
    this.most = ROWS;
    this.group = null;
    this.words = "";
    this.order = [];
    this.open = null;
    this.waiting = [];
    this.asking = 0;
    this.seen = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: "200px" });
    tenant.addEventListener("change", () => {
      this.most = ROWS;
      this.show(this.view);
    });
    filter.addEventListener("input", () => {
      this.words = filter.value.trim().toLowerCase();
      this.most = ROWS;
      this.arrange();
    });
  }

  /** Shows a status. */
  show(view) {
    this.view = view;
    this.now = ms(view.status.now);
    this.tenant = chooseTenant(this.choice, view.status);
    this.tally();
    this.arrange();
  }

  /** Opens a campaign, if it is there; one beyond the rows shown is looked for first. */
  reveal(id) {
    if (this.open === id || !this.view.status.campaigns.some((campaign) => campaign.id === id)) return;
    if (!this.known.has(id)) {
      this.choice.value = "";
      this.tenant = null;
      this.filter.value = id;
      this.words = id.toLowerCase();
      this.arrange();
    }
    if (this.known.has(id)) this.toggle(id);
  }

  /** The campaigns of the tenant that is chosen, or all. */
  its() {
    const { campaigns } = this.view.status;
    return this.tenant ? campaigns.filter((campaign) => campaign.tenant === this.tenant) : campaigns;
  }

  tally() {
    const campaigns = this.its();
    const counts = GROUPS.map(({ key }) => campaigns.filter((campaign) => belongs(campaign, key)).length);
    if (this.group && counts[GROUPS.findIndex(({ key }) => key === this.group)] === 0) this.group = null;
    const key = `${counts} ${this.group}`;
    const focused = this.places.tally.contains(document.activeElement) ? document.activeElement.dataset.group : null;
    fill(this.places.tally, key, () =>
      GROUPS.flatMap(({ key: group, word, icon: picture, tone }, n) => {
        if (counts[n] === 0) return [];
        const choose = () => {
          this.group = this.group === group ? null : group;
          this.most = ROWS;
          this.tally();
          this.arrange();
        };
        const button = el("button", { type: "button", class: `chip ${tone}`, "aria-pressed": String(this.group === group), click: choose },
          icon(picture), el("span", { class: "many" }, String(counts[n])), " ", el("span", { class: "of" }, word));
        button.dataset.group = group;
        return [button];
      }));
    if (focused) this.places.tally.querySelector(`[data-group="${focused}"]`)?.focus();
  }

  /** The campaigns to show, in their order. */
  wanted() {
    let found = this.its();
    if (this.group) found = found.filter((campaign) => belongs(campaign, this.group));
    if (this.words) {
      const text = (one) => [one.id, one.name, one.team, one.note, one.hold?.author, one.hold?.reason, one.set?.author, one.set?.reason, one.why].join(" ");
      found = found.filter((campaign) => text(campaign).toLowerCase().includes(this.words));
    }
    const ranked = found.map((campaign) => ({ campaign, rank: standing(campaign).rank }));
    // Nothing moves under somebody's hands.
    const still = this.open !== null || this.places.rows.contains(document.activeElement);
    if (still && this.order.length) {
      const place = new Map(this.order.map((id, n) => [id, n]));
      ranked.sort((a, b) => (place.get(a.campaign.id) ?? Infinity) - (place.get(b.campaign.id) ?? Infinity) || a.rank - b.rank);
    } else {
      ranked.sort((a, b) => a.rank - b.rank);
    }
    return ranked.map(({ campaign }) => campaign);
  }

  arrange() {
    if (!this.view) return;
    const wanted = this.wanted();
    const shown = wanted.slice(0, this.most);
    this.order = wanted.map(({ id }) => id);
    const focused = document.activeElement;
    shown.forEach((campaign, n) => {
      const row = this.known.get(campaign.id) ?? this.make(campaign.id);
      this.update(row, campaign);
      if (this.places.rows.children[n] !== row.element) this.places.rows.insertBefore(row.element, this.places.rows.children[n] ?? null);
    });
    while (this.places.rows.children.length > shown.length) this.places.rows.lastElementChild.remove();
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    for (const [id, row] of this.known) {
      if (row.element.isConnected) continue;
      this.seen.unobserve(row.element);
      if (this.open === id) this.toggle(id);
      this.known.delete(id);
    }
    const { length: all } = this.its();
    fill(this.places.rest, `${shown.length} ${wanted.length} ${all}`, () => this.rest(shown.length, wanted.length, all));
  }

  rest(shown, wanted, all) {
    if (all === 0) return [el("p", {}, "No campaign was read yet.")];
    if (wanted === 0) return [el("p", {}, "No campaign matches the search.")];
    if (shown === wanted) return [];
    const more = () => {
      this.most += ROWS;
      this.arrange();
    };
    return [
      el("p", {}, `${shown} of ${wanted} campaigns are shown, what wants attention first.`),
      el("button", { type: "button", class: "quiet", click: more }, "Show more"),
    ];
  }

  make(id) {
    const row = { id, spark: new Spark(), asked: false, visible: false, detail: null };
    const panel = `detail-${this.known.size}-${Math.random().toString(36).slice(2, 8)}`;
    const part = (name, tag = "div") => (row[name] = el(tag, { class: name }));
    row.button = el("button", { type: "button", class: "open", "aria-expanded": "false", "aria-controls": panel, click: () => this.toggle(id) },
      (row.title = el("span", { class: "title" })), icon("down"));
    row.panel = el("div", { id: panel, class: "panel", hidden: true });
    row.word = el("span", { class: "word" });
    row.since = el("span", { class: "since" });
    row.badge = el("span", { class: "badge" });
    row.number = el("span", { class: "number" });
    row.unit = el("span", { class: "unit" });
    row.element = el("li", { class: "card" },
      el("div", { class: "state" }, row.badge, el("div", {}, row.word, row.since)),
      el("div", { class: "main" }, el("h3", {}, row.button), part("whose", "p"), part("why", "p"), part("notes", "ul")),
      el("div", { class: "count" }, el("div", { class: "agents" }, row.number, row.unit), part("thresholds", "p")),
      row.spark.element,
      part("actions"),
      row.panel);
    row.element.dataset.campaign = id;
    this.known.set(id, row);
    this.seen.observe(row.element);
    return row;
  }

  update(row, campaign) {
    const { key, word, icon: picture, tone } = standing(campaign);
    row.campaign = campaign;
    mark(row.element, "class", `card ${tone}${this.open === row.id ? " opened" : ""}`);
    fill(row.badge, picture, () => icon(picture));
    const { name, team, note } = campaign;
    fill(row.title, name ?? "", () =>
      name ? [el("span", { class: "name" }, name), " ", el("span", { class: "id second" }, row.id)] : el("span", { class: "id" }, row.id));
    say(row.whose, [team && `Team ${team}`, note].filter(Boolean).join(": "));
    say(row.word, word);
    say(row.since, `since ${clock(ms(campaign.since), this.now)}`);
    say(row.number, campaign.available === null ? "–" : String(campaign.available));
    const alone = campaign.calendar?.alone;
    say(row.unit, alone ? "no agents count" : campaign.available === null ? "no valid reading" : campaign.staffed === null ? "available" : `of ${campaign.staffed} available`);
    const low = campaign.pause_below ?? campaign.set?.pause_below ?? campaign.configured.pause_below;
    const high = campaign.resume_at ?? campaign.set?.resume_at ?? campaign.configured.resume_at;
    const { aim } = campaign;
    const rule = aim?.in_force
      ? `signal ${aim.signal ?? "unknown"}: pause below ${aim.threshold}, resume at ${aim.resume_at}`
      : `pause below ${low}, resume at ${high}`;
    say(row.thresholds, alone ? "the calendar is the whole rule" : rule);
    say(row.why, sentence(campaign.why, this.now));
    const notes = this.notes(campaign);
    fill(row.notes, JSON.stringify(notes), () => notes.map(({ picture: name, text }) => el("li", {}, icon(name), el("span", {}, text))));
    const { actions } = this.view.status;
    fill(row.actions, `${actions} ${campaign.hold !== null} ${key}`, () => (actions ? this.actions(row) : []));
    row.spark.push(campaign, this.now);
    if (row.visible) row.spark.draw(this.now);
    row.detail?.update(this.view, campaign);
  }

  notes(campaign) {
    const left = (until) => `until ${clock(ms(until), this.now)} (${span((ms(until) - this.now) / 1000)} left)`;
    const notes = [];
    const { aim, throttle, calendar, guards, hold, set, configured, rivals, changing_to: target } = campaign;
    if (calendar) notes.push({ picture: calendar.open ? "play" : "pause", text: `Calendar ${calendar.name}: ${calendar.says}` });
    if (throttle && ((throttle.original ?? throttle.original_idle_reserve ?? null) !== null || throttle.left_alone_since)) notes.push({ picture: "thresholds", text: `Pace: ${throttle.says}` });
    if (aim) notes.push({ picture: aim.responds ? "thresholds" : "warning", text: `Aim${aim.in_force ? "" : ", not in force"}: ${aim.says}` });
    if (target) notes.push({ picture: "skip", text: `Changing on the platform: our command to make it ${target} is accepted and does not show yet` });
    for (const rival of rivals ?? []) notes.push({ picture: "warning", text: `On the platform: ${rival}` });
    for (const guard of guards ?? []) {
      if (guard.state === "above") notes.push({ picture: "warning", text: `Guard ${guard.name}: ${guard.says}` });
    }
    if (hold) notes.push({ picture: "lock", text: `Held: ${holdInWords(hold.kind)} ${left(hold.until)} by ${hold.author}: ${hold.reason}` });
    if (set?.abandon_target) {
      notes.push({ picture: "thresholds", text: `Aimed at ${set.abandon_target}, ${left(set.until)} by ${set.author}: ${set.reason}` });
    } else if (set) {
      const was = `${configured.pause_below} and ${configured.resume_at} as configured`;
      notes.push({ picture: "thresholds", text: `Thresholds ${set.pause_below} and ${set.resume_at} instead of ${was}, ${left(set.until)} by ${set.author}: ${set.reason}` });
    }
    return notes;
  }

  actions(row) {
    const act = (kind, word, joined = " ") =>
      el("button", { type: "button", "aria-label": `${word}${joined}${row.id}`, click: () => this.hooks.act(kind, row.campaign) }, word);
    return [row.campaign.hold ? act("release", "Release") : act("hold", "Hold"), act("thresholds", "Set thresholds", " for ")];
  }

  toggle(id) {
    const before = this.known.get(this.open);
    if (before) {
      before.detail.close();
      before.detail = null;
      before.panel.hidden = true;
      before.panel.replaceChildren();
      mark(before.button, "aria-expanded", "false");
      before.element.classList.remove("opened");
    }
    this.open = this.open === id ? null : id;
    history.replaceState(null, "", this.open ? `#${encodeURIComponent(id)}` : location.pathname + location.search);
    const row = this.known.get(this.open);
    if (!row) return;
    mark(row.button, "aria-expanded", "true");
    row.element.classList.add("opened");
    row.panel.hidden = false;
    row.detail = new Detail(row.panel, id, this.view);
    row.detail.update(this.view, row.campaign);
  }

  /** Small plots are asked for when their row comes into sight. */
  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this.known.get(target.dataset.campaign);
      if (!row) continue;
      row.visible = isIntersecting;
      if (!isIntersecting) continue;
      row.spark.draw(this.now);
      if (!row.asked) this.waiting.push(row);
      row.asked = true;
    }
    this.ask();
  }

  /** The past is asked for anew, after a time without the daemon. */
  forget() {
    for (const row of this.known.values()) {
      row.asked = row.visible;
      if (row.visible) this.waiting.push(row);
    }
    this.ask();
  }

  async ask() {
    if (this.asking >= SPARKS_AT_ONCE) return;
    const row = this.waiting.shift();
    if (!row) return;
    this.asking += 1;
    try {
      if (row.visible) row.spark.load(await get(`${address(row.id, "series")}?since=2h`));
      else row.asked = false;
      row.spark.draw(this.now);
    } catch {
      // It goes on from here; the next look asks again.
      row.asked = false;
    } finally {
      this.asking -= 1;
      this.ask();
    }
  }
}
