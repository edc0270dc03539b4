// Today in one line, for each campaign and in all, beside the same weekday before.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { called } from "./standing.js";
import { full } from "./tenants.js";
import { ms, span, startOfDay, weekday } from "./time.js";

/** Today is read anew this often, and the weekday before, which only grows with the hour. */
const BETWEEN_READS_MS = { today: 30_000, before: 600_000 };

/** Where a campaign has changed its state, today is read sooner, of few campaigns: a card is not to say that there was no pause during one. */
const AFTER_CHANGE = { ms: 3_000, most: 60 };

/** Days back to the same weekday. */
const WEEK = 7;

/** A share of calls in words, such as `31 of 2010 calls lost (1.5%)`; nothing where none was counted. */
function lostInWords(counted) {
  if (!counted) return null;
  const whole = counted.connected + counted.abandoned;
  if (whole === 0) return null;
  return `${counted.abandoned} of ${whole} answered calls lost (${((100 * counted.abandoned) / whole).toFixed(1)}%)`;
}

/** How many answered calls pauses have held back, which is an estimate; nothing where there is none, or where it is none. */
const heldBackInWords = (heldBack) => (heldBack ? `about ${heldBack} answered calls held back (estimate)` : null);

const times = (count) => (count === 0 ? "no pause" : count === 1 ? "1 pause" : `${count} pauses`);

/** One campaign's day in words. */
function daySays({ pauses, paused_s: paused, longest_s: longest, counted, held_back: heldBack }) {
  const parts = [times(pauses)];
  if (pauses > 0) parts.push(pauses > 1 ? `${span(paused)} paused, the longest ${span(longest)}` : `${span(paused)} paused`);
  return parts.concat(lostInWords(counted) ?? [], heldBackInWords(heldBack) ?? []).join(", ");
}

/** Today's line of a campaign. */
export function dayInWords(today) {
  return today ? `Today: ${daySays(today)}.` : "";
}

/** Today's line of a campaign beside that of the weekday before, for its opened panel. */
export function dayBesideBefore(today, before, now) {
  if (!today) return "";
  const then = before ? `${daySays(before)} by this time` : "nothing is kept of that time";
  return `Today: ${daySays(today)}. Last ${weekday(now)}: ${then}.`;
}

/** The sums of several campaigns, with the longest pause and whose it was. */
function inAll(days) {
  const sum = { pauses: 0, paused_s: 0, longest_s: 0, longest: null, counted: null, held_back: null };
  for (const day of days) {
    sum.pauses += day.pauses;
    sum.paused_s += day.paused_s;
    if (day.longest_s > sum.longest_s) [sum.longest_s, sum.longest] = [day.longest_s, day.id];
    if (day.held_back !== null) sum.held_back = (sum.held_back ?? 0) + day.held_back;
    if (!day.counted) continue;
    sum.counted ??= { connected: 0, abandoned: 0 };
    sum.counted.connected += day.counted.connected;
    sum.counted.abandoned += day.counted.abandoned;
  }
  return sum;
}

export class Today {
  constructor(place, changed) {
    this.place = place;
    this.changed = changed;
    this.days = { today: null, before: null };
    this.readAt = { today: -Infinity, before: -Infinity };
    this.reading = false;
    this.stirred = false;
  }

  /** A campaign has changed its state. */
  stir() {
    this.stirred = true;
  }

  /** Today's sums of a campaign. */
  of(id) {
    return this.days.today?.get(id) ?? null;
  }

  /** Its sums up to this time of the same weekday before; nothing where nothing is kept of it. */
  before(id) {
    return this.days.before?.get(id) ?? null;
  }

  /** Reads what is due; the daemon's clock says which day it is. */
  async read(status) {
    if (this.reading || document.hidden) return;
    const at = performance.now();
    const soon = this.stirred && status.campaigns.length <= AFTER_CHANGE.most;
    const between = { ...BETWEEN_READS_MS, ...(soon && { today: AFTER_CHANGE.ms }) };
    const due = Object.keys(this.days).filter((which) => at - this.readAt[which] >= between[which]);
    if (due.length === 0) return;
    this.reading = true;
    if (due.includes("today")) this.stirred = false;
    const now = ms(status.now);
    const midnight = startOfDay(now, 0);
    const then = startOfDay(now, WEEK);
    const spans = { today: [midnight, now], before: [then, then + (now - midnight)] };
    try {
      for (const which of due) {
        this.readAt[which] = at;
        const [since, until] = spans[which].map((time) => new Date(time).toISOString());
        // The first second of a day has nothing to tell.
        if (until <= since) continue;
        const { campaigns } = await get(`api/v1/pauses?${new URLSearchParams({ since, until })}`);
        this.days[which] = new Map(campaigns.map((day) => [full(day), { ...day, id: full(day) }]));
      }
      this.changed();
    } catch {
      // The line stays as it was; the next turn asks again.
    } finally {
      this.reading = false;
    }
  }

  /** The line of the campaigns that are looked at. */
  show(campaigns, now) {
    const of = (which) => {
      const known = this.days[which];
      return known && campaigns.map(({ id }) => known.get(id)).filter(Boolean);
    };
    const [today, before] = [of("today"), of("before")];
    const named = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
    fill(this.place, JSON.stringify([today && inAll(today), before && inAll(before), campaigns.length]), () => {
      if (!today?.length) return [];
      const sums = inAll(today);
      const longest = sums.longest && named.get(sums.longest);
      const facts = [
        ["Pauses today", String(sums.pauses)],
        ["Time paused", span(sums.paused_s)],
        ["Longest", longest ? `${span(sums.longest_s)}, ${called(longest)}` : "none"],
        ["Calls lost", lostInWords(sums.counted)?.replace(" answered calls lost", "") ?? null],
        ["Calls held back", sums.held_back === null ? null : `about ${sums.held_back} (estimate)`],
      ];
      const then = before?.length ? inAll(before) : null;
      const lost = then && lostInWords(then.counted);
      const beside = then
        ? `${times(then.pauses)}, ${span(then.paused_s)} paused${lost ? `, ${lost.replace(" answered calls lost", " lost")}` : ""} by this time`
        : "nothing is kept of it";
      facts.push([`Last ${weekday(now)}`, beside]);
      return facts
        .filter(([, value]) => value !== null)
        .map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value)));
    });
  }
}
