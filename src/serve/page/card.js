// A campaign as a card: its state, its number with the thresholds, the last two hours, and what there is to know beside that.

import { el, fill, icon, mark, say } from "./dom.js";
import { Spark } from "./spark.js";
import { holdInWords, ruleInWords, standing, unitInWords } from "./standing.js";
import { clock, clockToSecond, ms, sentence, span } from "./time.js";
import { dayInWords } from "./today.js";

let cards = 0;

/** A card. `hooks` are what is done when somebody opens it or asks for a change. */
export class Card {
  constructor(id, hooks) {
    this.id = id;
    this.hooks = hooks;
    this.spark = new Spark();
    this.asked = false;
    this.visible = false;
    cards += 1;
    const panel = `detail-${cards}`;
    const part = (name, tag = "div") => (this[name] = el(tag, { class: name }));
    this.title = el("span", { class: "title" });
    this.button = el("button", { type: "button", class: "open", "aria-expanded": "false", "aria-controls": panel, click: () => hooks.toggle(id) }, this.title, icon("down"));
    this.panel = el("div", { class: "panel", id: panel, hidden: true });
    this.badge = el("span", { class: "badge" });
    part("word", "span");
    part("since", "span");
    part("number", "span");
    part("unit", "span");
    this.element = el("li", { class: "card" },
      el("div", { class: "state" }, this.badge, el("div", {}, this.word, this.since)),
      el("div", { class: "main" }, el("h3", {}, this.button), part("whose", "p"), part("why", "p"), part("notes", "ul"), part("day", "p")),
      el("div", { class: "count" }, el("div", { class: "agents" }, this.number, this.unit), part("thresholds", "p")),
      this.spark.element,
      part("actions"),
      this.panel);
    this.element.dataset.campaign = id;
  }

  /** Shows a campaign of the status. */
  update(campaign, view) {
    const { status, today, stale } = view;
    const now = ms(status.now);
    const doubtful = stale(campaign);
    const { word, icon: picture, tone } = standing(campaign, doubtful);
    this.campaign = campaign;
    mark(this.element, "class", `card ${tone}${this.opened ? " opened" : ""}`);
    fill(this.badge, picture, () => icon(picture));
    const { name, team, note } = campaign;
    fill(this.title, name ?? "", () =>
      name ? [el("span", { class: "name" }, name), " ", el("span", { class: "id second" }, this.id)] : el("span", { class: "id" }, this.id));
    say(this.whose, [team && `Team ${team}`, note].filter(Boolean).join(": "));
    say(this.word, word);
    const known = doubtful ? "last known, " : "";
    say(this.since, `${known}since ${clock(ms(campaign.since), now)}`);
    say(this.number, campaign.available === null ? "–" : String(campaign.available));
    say(this.unit, unitInWords(campaign));
    say(this.thresholds, ruleInWords(campaign));
    say(this.why, this.reason(campaign, now));
    const notes = notesOf(campaign, now);
    fill(this.notes, JSON.stringify(notes), () => notes.map(({ picture: name, text }) => el("li", {}, icon(name), el("span", {}, text))));
    say(this.day, dayInWords(today.of(campaign.id)));
    fill(this.actions, `${status.actions} ${campaign.hold !== null}`, () => (status.actions ? this.buttons() : []));
    this.spark.push(campaign, now);
    if (this.visible) this.spark.draw(now);
  }

  /** What the state and the numbers do not say by themselves; of an opened card also by which decision. */
  reason(campaign, now) {
    const { verdict, outcome, decision, decided_at: at } = campaign;
    const said = outcome === "nothing_to_do" ? "" : sentence(verdict, now);
    return this.opened && decision ? `${said} Decision ${decision} of ${clockToSecond(ms(at), now)}.`.trim() : said;
  }

  buttons() {
    const act = (kind, word, joined = " ") =>
      el("button", { type: "button", "aria-label": `${word}${joined}${this.id}`, click: () => this.hooks.act(kind, this.campaign) }, word);
    return [this.campaign.hold ? act("release", "Release") : act("hold", "Hold"), act("thresholds", "Set thresholds", " for ")];
  }

  /** Marks it as opened or not. */
  open(opened) {
    this.opened = opened;
    mark(this.button, "aria-expanded", String(opened));
    this.element.classList.toggle("opened", opened);
    this.panel.hidden = !opened;
    if (!opened) this.panel.replaceChildren();
  }
}

/** What else there is to know of a campaign, a line each. */
export function notesOf(campaign, now) {
  const left = (until) => `until ${clock(ms(until), now)} (${span((ms(until) - now) / 1000)} left)`;
  const notes = [];
  const { aim, throttle, calendar, guards, hold, set, configured, rivals, changing_to: target } = campaign;
  if (calendar) notes.push({ picture: "calendar", text: `Calendar ${calendar.name}: ${calendar.says}` });
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
