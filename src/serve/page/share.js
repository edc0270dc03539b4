// The abandoned share of a campaign, on a plot and an axis of its own: agents and percents have no scale in common.

import { say } from "./dom.js";
import { inZone, ownRange, themed, TimePlot } from "./plot.js";
import { clock, clockToSecond, ms } from "./time.js";

/** The share is of the calls that were counted in so many slots of ten minutes: two hours. */
const SLOTS_MS = 11 * 600 * 1000;

/** Slots that lie further apart than this have something unknown between them. */
const APART_MS = 600 * 1000;

/** Less than this is one line at the bottom. */
const LEAST_TOP = 1;

/** What the slots show: times, shares in percent, and the calls that each is of. */
export function shares({ from_ms: from, until_ms: until, connected, abandoned }) {
  const [times, percents, counts] = [[], [], []];
  from.forEach((begin, n) => {
    if (n > 0 && begin - from[n - 1] > APART_MS) {
      times.push((until[n - 1] + 1) / 1000);
      percents.push(null);
      counts.push(null);
    }
    let [lost, whole] = [0, 0];
    for (let at = n; at >= 0 && from[at] >= begin - SLOTS_MS; at -= 1) {
      lost += abandoned[at];
      whole += abandoned[at] + connected[at];
    }
    times.push(until[n] / 1000);
    percents.push(whole > 0 ? (100 * lost) / whole : null);
    counts.push({ lost, whole });
  });
  return { times, percents, counts };
}

/** The plot of one campaign's abandoned share. */
export class SharePlot extends TimePlot {
  height() {
    return 150;
  }

  columns({ outcomes }) {
    this.found = shares(outcomes);
    return [this.found.times, this.found.percents];
  }

  /** That of the plot above, and further back where counters were fed of a time before the first reading of the agents. */
  range() {
    if (this.part) return this.part;
    const [from, until] = ownRange(this.series);
    const first = Math.max(this.found.times[0] ?? from, ms(this.series.since) / 1000);
    return [Math.min(from, first), until];
  }

  options() {
    const ink = themed("--muted");
    const grid = { stroke: themed("--edge"), width: 1 };
    const font = "13px system-ui, sans-serif";
    const percent = (_, splits) => splits.map((at) => `${Number(at.toFixed(2))}%`);
    const stroke = themed("--plot-abandoned");
    return {
      ...this.size(),
      padding: [12, 24, 0, 0],
      legend: { show: false },
      tzDate: inZone,
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: {
        x: { range: () => this.range() },
        y: { range: (_, __, most) => [0, Math.max(LEAST_TOP, (most ?? 0) * 1.15)] },
      },
      axes: [
        { stroke: ink, grid, ticks: grid, font, space: 90, values: (_, splits) => this.times(splits) },
        { stroke: ink, grid, ticks: grid, font, size: 54, space: 34, values: percent },
      ],
      // A single slot has no line, and is a point.
      series: [{}, { label: "abandoned share", stroke, width: 2, spanGaps: false, points: { size: 5, fill: stroke, stroke } }],
      hooks: { setCursor: [(plot) => this.read(plot)] },
    };
  }

  /** Times of day; of several days each begins with its date. */
  times(splits) {
    const [from, until] = this.range();
    const several = until - from > 86_400;
    return splits.map((at) => clock(at * 1000, several ? ms(this.series.now) : at * 1000));
  }

  /** Says what is under the pointer. */
  read(plot) {
    const { left } = plot.cursor;
    if (left === undefined || left < 0) {
      say(this.readout, "");
      return;
    }
    const at = plot.posToVal(left, "x");
    const row = this.found.times.findLastIndex((time) => time <= at);
    const counts = row < 0 ? null : this.found.counts[row];
    const words = [clockToSecond(at * 1000, ms(this.series.now))];
    if (!counts) words.push("nothing is known");
    else if (counts.whole === 0) words.push("no answered call in the two hours before");
    else words.push(`${counts.lost} of ${counts.whole} calls abandoned in the two hours before (${((100 * counts.lost) / counts.whole).toFixed(2)}%)`);
    say(this.readout, words.join(" · "));
  }
}
