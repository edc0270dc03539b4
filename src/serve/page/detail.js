// One campaign, opened: its last 24 hours, how the last decision came about, and what happened.

import { campaign as address, get } from "./api.js";
import { el, fill, icon, say } from "./dom.js";
import { inWords, Plot } from "./plot.js";
import { SharePlot } from "./share.js";
import { clock, clockToSecond, local, ms } from "./time.js";

/** The past is read anew this often at most. */
const BETWEEN_READS_MS = 2_000;

/** Entries of the history. */
const ENTRIES = 30;

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
    this.version = null;
    this.readAt = -Infinity;
    this.view = view;
    const host = el("div", { class: "plot", "aria-hidden": "true" });
    const key = (name, word) => el("span", {}, el("i", { class: `key ${name}` }), word);
    this.summary = el("p", { class: "summary" }, "Reading the last 24 hours.");
    this.outcomes = el("p", { class: "summary", hidden: true });
    this.readout = el("p", { class: "readout", "aria-hidden": "true" });
    const shareHost = el("div", { class: "plot share", "aria-hidden": "true" });
    const shareReadout = el("p", { class: "readout", "aria-hidden": "true" });
    this.shareFigure = el("figure", { class: "shares", hidden: true },
      el("figcaption", {}, el("h4", {}, "Abandoned calls"), this.outcomes),
      el("div", { class: "keys", "aria-hidden": "true" }, key("abandoned", "abandoned share of the two hours before")),
      shareHost,
      shareReadout);
    this.guards = el("ul", { class: "guards" });
    this.guarded = el("section", { class: "guarded", "aria-label": `Guards of ${id}`, hidden: true }, el("h4", {}, "Guards"), this.guards,
      el("p", { class: "summary" }, "Guards inform. They pause nothing, and none says that a law is kept."));
    this.stages = el("ol", { class: "stages" });
    this.turn = el("div", { class: "turn" });
    this.entries = el("ol", { class: "entries" });
    this.fault = el("p", { class: "fault", role: "alert", hidden: true });
    panel.replaceChildren(
      this.fault,
      el("figure", {},
        el("figcaption", {}, el("h4", {}, "The last 24 hours"), this.summary),
        el("div", { class: "keys", "aria-hidden": "true" },
          key("agents", "agents available"), key("low", "pause threshold"), key("high", "resume threshold"),
          key("autopilot", "paused by the autopilot"), key("person", "paused by a person")),
        host,
        this.readout),
      this.shareFigure,
      this.guarded,
      el("div", { class: "halves" },
        el("section", { "aria-label": `How ${id} was decided` }, el("h4", {}, "How it was decided"), this.stages, this.turn),
        el("section", { "aria-label": `What happened to ${id}` }, el("h4", {}, "What happened"), this.entries)));
    this.plot = new Plot(host, this.readout);
    this.share = new SharePlot(shareHost, shareReadout);
  }

  close() {
    this.closed.abort();
    clearTimeout(this.later);
    this.plot.destroy();
    this.share.destroy();
  }

  /** A new status: what depends on it is read anew, but not too often. */
  update(view) {
    this.view = view;
    if (this.version === view.status.version || this.later) return;
    const wait = Math.max(0, this.readAt + BETWEEN_READS_MS - performance.now());
    this.later = setTimeout(() => this.read(), wait);
  }

  async read() {
    this.readAt = performance.now();
    this.version = this.view.status.version;
    const { signal } = this.closed;
    try {
      const [detail, series, past] = await Promise.all([
        get(address(this.id), signal),
        get(`${address(this.id, "series")}?since=24h`, signal),
        get(`api/v1/history?campaign=${encodeURIComponent(this.id)}&limit=${ENTRIES}`, signal),
      ]);
      this.fault.hidden = true;
      this.show(detail, series, past);
    } catch (wrong) {
      if (signal.aborted) return;
      say(this.fault, `What belongs to this campaign could not be read: ${wrong.message}`);
      this.fault.hidden = false;
    } finally {
      this.later = null;
      // What came meanwhile.
      if (!signal.aborted) this.update(this.view);
    }
  }

  show(detail, series, past) {
    const now = ms(series.now);
    this.plot.show(series);
    say(this.summary, inWords(series));
    const { outcomes } = detail.campaign;
    this.outcomes.hidden = !outcomes;
    this.shareFigure.hidden = !outcomes;
    if (outcomes) this.share.show(series);
    const { guards } = detail.campaign;
    this.guarded.hidden = guards.length === 0;
    fill(this.guards, JSON.stringify(guards), () =>
      guards.map(({ name, state, says }) => {
        const { word, icon: picture, tone } = GUARDED[state];
        return el("li", { class: tone }, icon(picture),
          el("div", {}, el("strong", {}, name), el("span", { class: "sr" }, ` ${word}: `), " ", el("span", {}, says)));
      }));
    say(this.outcomes, outcomes ? `${local(outcomes.says, now)}, counted until ${clock(ms(outcomes.as_of), now)}.` : "");
    fill(this.stages, JSON.stringify(detail.stages), () =>
      detail.stages.map(({ name, asked, says, until }) => {
        const { word, icon: picture, tone } = ASKED[asked];
        const end = until ? ` (until ${clock(ms(until), now)})` : "";
        return el("li", { class: tone }, icon(picture),
          el("div", {}, el("strong", {}, name), el("span", { class: "sr" }, ` ${word}: `), " ", el("span", {}, `${local(says, now)}${end}`)));
      }));
    fill(this.turn, JSON.stringify(detail.would_change), () =>
      detail.would_change.length
        ? [el("h5", {}, "What would change it"), el("ul", {}, detail.would_change.map((line) => el("li", {}, local(line, now))))]
        : []);
    fill(this.entries, String(past.entries[0]?.seq), () =>
      past.entries.length
        ? past.entries.map(({ at, says, decision }) =>
            el("li", {}, el("time", { dateTime: at }, clockToSecond(ms(at), now)), el("span", {}, local(says, now)), el("code", { title: "The decision: the same in log and audit" }, decision)))
        : el("li", { class: "none" }, "Nothing within 24 hours."));
  }
}
