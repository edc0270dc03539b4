// A campaign's past: in words, in gaps, and in rows for a file.

import { STOPPED_BY } from "./standing.js";
import { clock, ms, span } from "./time.js";

/** The time until which something is known, in milliseconds. */
export function end(series) {
  return ms(series.known_until ?? series.now);
}

/** What a plot shows, in words. */
export function inWords(series) {
  const counts = series.steps.available.filter((count) => count !== null);
  if (counts.length === 0) return "No valid reading in this time.";
  const until = end(series);
  const times = (spans) => (spans.length === 1 ? "once" : `${spans.length} times`);
  const lasted = (spans) => span(spans.reduce((sum, one) => sum + ((one.until_ms ?? until) - one.from_ms) / 1000, 0));
  const least = counts.reduce((a, b) => Math.min(a, b));
  const most = counts.reduce((a, b) => Math.max(a, b));
  const range = least === most ? `${least}` : `${least} to ${most}`;
  const words = [`${range} agents available`];
  for (const [by, { times: said }] of Object.entries(STOPPED_BY)) {
    const spans = series.paused.filter((one) => one.by === by);
    if (spans.length) words.push(`${said(times(spans))}, for ${lasted(spans)} in all`);
    else if (by === "autopilot") words.push("never paused by the autopilot");
  }
  const first = series.steps.times_ms[0];
  const known = first > ms(series.since) + 60_000 ? ` Nothing is known of the time before ${clock(first, ms(series.now))}.` : "";
  return `${words.join("; ")}.${known}`;
}

/** A state's word within a sentence. */
export function wordIn(word) {
  return word.charAt(0).toLowerCase() + word.slice(1);
}

/** Times without a valid reading, in milliseconds: of them nothing is drawn but that. */
export function gaps({ steps: { times_ms: times, available } }, until) {
  const found = [];
  available.forEach((count, n) => {
    if (count !== null) return;
    const ends = times[n + 1] ?? until;
    const last = found.at(-1);
    if (last && last.until === times[n]) last.until = ends;
    else found.push({ from: times[n], until: ends });
  });
  return found;
}

/** By whom or what it did not dial at a time, and since when and until when; nothing where it did. */
export function stoppedAt({ paused }, at) {
  return paused.find((one) => one.from_ms <= at && (one.until_ms === null || at < one.until_ms)) ?? null;
}

/** What a file of a plot holds: a row for each step within a time, beginning with what held then. */
export function rowsWithin(series, [from, until]) {
  const { times_ms: times, available, pause_below: low, resume_at: high } = series.steps;
  const first = Math.max(0, times.findLastIndex((at) => at <= from));
  // A pause begins and ends between steps of the numbers too.
  const changes = series.paused.flatMap(({ from_ms: begins, until_ms: ends }) => [begins, ends]).filter((at) => at !== null);
  const moments = [...new Set([...times.slice(first), ...changes])].filter((at) => at >= times[first] && at <= until).sort((a, b) => a - b);
  return moments.map((at) => {
    const n = times.findLastIndex((time) => time <= at);
    return [new Date(at).toISOString(), available[n], low[n], high[n], stoppedAt(series, at)?.by ?? ""];
  });
}

/** The heads of these columns. */
export const HEADS = ["at", "available", "pause_below", "resume_at", "stopped_by"];
