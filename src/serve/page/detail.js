// One campaign, opened: its past, how the last decision came about, and what happened.

import { campaign as address, get } from "./api.js";
import { save } from "./csv.js";
import { el, fill, icon, mark, say } from "./dom.js";
import { end, gaps, HEADS, inWords, rowsWithin } from "./past.js";
import { EVENTS, moved, ownRange, Plot } from "./plot.js";
import { SharePlot } from "./share.js";
import { STOPPED_BY } from "./standing.js";
import { clock, clockToSecond, local, ms } from "./time.js";
import { dayBesideBefore } from "./today.js";

/** Entries of the history at first, and by each "more". */
const ENTRIES = 30;

/** How far back: what the daemon is asked for, what people read, and how often that is read anew at most. */
const RANGES = [
  { since: "1h", word: "1 hour", title: "The last hour", every: 2_000 },
  { since: "24h", word: "24 hours", title: "The last 24 hours", every: 2_000 },
  { since: "7days", word: "7 days", title: "The last 7 days", every: 20_000 },
  { since: "3650days", word: "All that is kept", title: "All that is kept", every: 60_000 },
];

const ASKED = {
  passed: { word: "passed", icon: "check", tone: "ok" },
  decided: { word: "decided", icon: "info", tone: "info" },
  not_asked: { word: "not asked", icon: "skip", tone: "off" },
};

const GUARDED = {
  no_calls: { word: "no calls", icon: "skip", tone: "off" },
  few_calls: { word: "too few calls", icon: "skip", tone: "off" },
  within: { word: "within", icon: "check", tone: "ok" },
  near: { word: "near", icon: "info", tone: "info" },
  above: { word: "above", icon: "warning", tone: "bad" },
};

export class Detail {
  constructor(panel, id, view) {
    this.id = id;
    this.closed = new AbortController();
    this.range = RANGES[1];
    this.most = ENTRIES;
    this.key = null;
    this.readAt = -Infinity;
    this.view = view;
    const host = el("div", { class: "plot", "aria-hidden": "true" });
    this.title = el("h4", {}, this.range.title);
    this.summary = el("p", { class: "summary" }, "Reading what is kept.");
    this.outcomes = el("p", { class: "summary", hidden: true });
    this.readout = el("p", { class: "readout", "aria-hidden": "true" });
    this.legend = el("div", { class: "keys", "aria-hidden": "true" });
    const shareHost = el("div", { class: "plot share", "aria-hidden": "true" });
    const shareReadout = el("p", { class: "readout", "aria-hidden": "true" });
    this.shareFigure = el("figure", { class: "shares", hidden: true },
      el("figcaption", {}, el("h4", {}, "Abandoned calls"), this.outcomes),
      el("div", { class: "keys", "aria-hidden": "true" }, sign("abandoned", "abandoned share of the two hours before")),
      shareHost,
      shareReadout);
    this.guards = el("ul", { class: "guards" });
    this.guarded = el("section", { class: "guarded", "aria-label": `Guards of ${id}`, hidden: true }, el("h4", {}, "Guards"), this.guards,
      el("p", { class: "summary" }, "Guards inform. They pause nothing, and none says that a law is kept."));
    this.day = el("p", { class: "summary beside" });
    this.decided = el("p", { class: "summary" });
    this.stages = el("ol", { class: "stages" });
    this.turn = el("div", { class: "turn" });
    this.entries = el("ol", { class: "entries", tabIndex: 0, "aria-label": "Rows of the audit" });
    this.rest = el("div", { class: "rest" });
    this.fault = el("p", { class: "fault", role: "alert", hidden: true });
    panel.replaceChildren(
      this.fault,
      this.day,
      el("figure", {},
        el("div", { class: "heading" }, el("figcaption", {}, this.title, " ", this.summary), this.tools()),
        this.legend,
        host,
        this.readout),
      this.shareFigure,
      this.guarded,
      el("div", { class: "halves" },
        el("section", { "aria-label": `How ${id} was decided` }, el("h4", {}, "How it was decided"), this.decided, this.stages, this.turn),
        el("section", { "aria-label": `What happened to ${id}` }, el("h4", {}, "What happened"), this.entries, this.rest)));
    this.plot = new Plot(host, this.readout, (part) => this.look(part));
    this.share = new SharePlot(shareHost, shareReadout);
    this.show();
  }

  /** Ranges, a closer look, and a file. */
  tools() {
    const tool = (word, click) => el("button", { type: "button", class: "quiet", click }, word);
    this.ranges = RANGES.map((range) => ({ range, button: tool(range.word, () => this.reach(range)) }));
    this.whole = tool("Whole range", () => this.look(null));
    const step = (word, by) => tool(word, () => this.series && this.look(moved(this.part ?? ownRange(this.series), ownRange(this.series), by)));
    return el("div", { class: "tools", role: "group", "aria-label": "What the plot shows" },
      this.ranges.map(({ button }) => button),
      step("Closer", { closer: 2 }), step("Earlier", { along: -0.5 }), step("Later", { along: 0.5 }), this.whole,
      tool("Save as CSV", () => this.file()));
  }

  /** Looks further back, or less far. */
  reach(range) {
    this.range = range;
    this.part = null;
    this.plot.part = null;
    this.share.part = null;
    this.key = null;
    this.again();
    this.show();
  }

  /** Looks at a part of the range, or at all of it. */
  look(part) {
    this.part = part;
    this.plot.look(part);
    this.share.look(part);
    this.show();
  }

  /** Saves the part that is looked at. */
  file() {
    if (!this.series) return;
    const [from, until] = this.part ?? ownRange(this.series);
    save(`${this.id.replace(/[^\w.-]+/g, "_")}.csv`, HEADS, rowsWithin(this.series, [from * 1000, until * 1000]));
  }

  close() {
    this.closed.abort();
    clearTimeout(this.later);
    this.plot.destroy();
    this.share.destroy();
  }

  /** A new status: what it says is shown at once, and what depends on it is read anew, but not too often. */
  update(view) {
    this.view = view;
    this.show();
    const { detail, status } = view;
    // A command or a hold is seen at once; numbers alone may wait a little.
    const { last_transition: last, hold } = detail?.campaign ?? {};
    const happened = JSON.stringify([last, hold]);
    if (this.key === status.version) return;
    if (happened !== this.happened) this.again();
    this.happened = happened;
    if (this.later || this.reading) return;
    const wait = Math.max(0, this.readAt + this.range.every - performance.now());
    this.later = setTimeout(() => this.read(), wait);
  }

  /** Reads without waiting. */
  again() {
    clearTimeout(this.later);
    this.later = null;
    if (!this.reading) this.read();
    else this.wanted = true;
  }

  async read() {
    this.later = null;
    this.reading = true;
    this.wanted = false;
    this.readAt = performance.now();
    this.key = this.view.status.version;
    const { signal } = this.closed;
    const range = this.range;
    try {
      const query = new URLSearchParams({ campaign: this.id, limit: this.most, since: range.since, shared: "true" });
      const [series, past] = await Promise.all([
        get(`${address(this.id, "series")}?since=${range.since}`, signal),
        get(`api/v1/history?${query}`, signal),
      ]);
      if (range !== this.range) return;
      this.fault.hidden = true;
      this.series = series;
      this.past = past;
      this.plot.show(series);
      this.show();
    } catch (wrong) {
      if (signal.aborted) return;
      say(this.fault, `What belongs to this campaign could not be read: ${wrong.message}`);
      this.fault.hidden = false;
    } finally {
      this.reading = false;
      // What came meanwhile.
      if (!signal.aborted) {
        if (this.wanted || range !== this.range) this.read();
        else this.update(this.view);
      }
    }
  }

  /** Shows what is known. */
  show() {
    const now = ms(this.view.status.now);
    const { detail, today } = this.view;
    say(this.title, this.range.title);
    for (const { range, button } of this.ranges) mark(button, "aria-pressed", String(range === this.range));
    this.whole.disabled = !this.part;
    say(this.day, dayBesideBefore(today.of(this.id), today.before(this.id), now));
    if (this.series) this.showPast(now);
    if (detail?.campaign.id === this.id) this.showDecision(detail, now);
  }

  showPast(now) {
    const { series, past } = this;
    say(this.summary, this.part ? `${inWords(series)} Looked at: ${this.part.map((at) => clockToSecond(at * 1000, now)).join(" to ")}.` : inWords(series));
    fill(this.legend, legendKey(series), () => legend(series));
    fill(this.entries, `${past.entries[0]?.seq} ${past.entries.length}`, () =>
      past.entries.length
        ? past.entries.map(({ at, kind, says, decision }) =>
            el("li", { class: kind },
              el("time", { dateTime: at }, clockToSecond(ms(at), now)), el("span", {}, local(says, now)), el("code", { title: "The decision: the same in log and audit" }, decision)))
        : el("li", { class: "none" }, "Nothing in this time."));
    fill(this.rest, `${past.more} ${this.most}`, () => {
      const more = () => {
        this.most = Math.min(1_000, this.most * 3);
        this.again();
      };
      return past.more && this.most < 1_000 ? [el("button", { type: "button", class: "quiet", click: more }, "Show more rows")] : [];
    });
  }

  showDecision({ campaign, stages, would_change: changes }, now) {
    const { outcomes, guards, decision, decided_at: at } = campaign;
    say(this.decided, decision ? `Decision ${decision} of ${clockToSecond(ms(at), now)}.` : "Nothing was decided yet.");
    this.outcomes.hidden = !outcomes;
    this.shareFigure.hidden = !outcomes;
    if (outcomes && this.series && this.shared !== this.series) {
      this.shared = this.series;
      this.share.show(this.series);
    }
    this.guarded.hidden = guards.length === 0;
    fill(this.guards, JSON.stringify(guards), () =>
      guards.map(({ name, state, says }) => {
        const { word, icon: picture, tone } = GUARDED[state];
        return el("li", { class: tone }, icon(picture),
          el("div", {}, el("strong", {}, name), el("span", { class: "sr" }, ` ${word}: `), " ", el("span", {}, says)));
      }));
    say(this.outcomes, outcomes ? `${local(outcomes.says, now)}, counted until ${clock(ms(outcomes.as_of), now)}.` : "");
    fill(this.stages, JSON.stringify(stages), () =>
      stages.map(({ name, asked, says, until }) => {
        const { word, icon: picture, tone } = ASKED[asked];
        const ends = until ? ` (until ${clock(ms(until), now)})` : "";
        return el("li", { class: tone }, icon(picture),
          el("div", {}, el("strong", {}, name), el("span", { class: "sr" }, ` ${word}: `), " ", el("span", {}, `${local(says, now)}${ends}`)));
      }));
    fill(this.turn, JSON.stringify(changes), () =>
      changes.length
        ? [el("h5", {}, "What would change it"), el("ul", {}, changes.map((line) => el("li", {}, local(line, now))))]
        : []);
  }
}

/** A sign of the plot with what it stands for. */
function sign(name, word, letter = "") {
  return el("span", {}, el("i", { class: `key ${name}` }, letter), word);
}

/** What the legend has to name, as a key. */
function legendKey(series) {
  const kinds = series.events.map(({ kind }) => EVENTS[kind].letter);
  return JSON.stringify([[...new Set(series.paused.map(({ by }) => by))].sort(), [...new Set(kinds)].sort(), gaps(series, end(series)).length > 0, series.transitions.length > 0]);
}

/** The legend: what the plot always has, and what there is in this one. */
function legend(series) {
  const signs = [sign("agents", "agents available"), sign("low", "pause threshold"), sign("high", "resume threshold")];
  for (const [by, { word }] of Object.entries(STOPPED_BY)) {
    if (series.paused.some((one) => one.by === by)) signs.push(sign(by, word.charAt(0).toLowerCase() + word.slice(1)));
  }
  if (gaps(series, end(series)).length > 0) signs.push(sign("gap", "no valid reading"));
  if (series.transitions.length > 0) signs.push(sign("mark", "▼ paused, ▲ resumed"));
  const letters = new Map(series.events.map(({ kind }) => [EVENTS[kind].letter, EVENTS[kind].word]));
  for (const [letter, word] of letters) signs.push(sign("letter", word, letter));
  return signs;
}
