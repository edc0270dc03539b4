// The large plot: agents against both thresholds as steps, pauses as shades, changes as marks. What is not known is hatched.

import { say } from "./dom.js";
import { end, gaps, stoppedAt, wordIn } from "./past.js";
import { STOPPED_BY } from "./standing.js";
import { clock, clockToSecond, ms, zone } from "./time.js";

/** The large plot shows no less. */
const SHORTEST_MS = 900 * 1000;

/** No closer look than this: polls are some seconds apart. */
const CLOSEST_S = 30;

/** Events further from the pointer than this, in pixels, are not under it. */
const NEAR_PX = 8;

/** Marks beside the changes of the status: the letter in the plot, and what the legend calls it. */
export const EVENTS = {
  hold: { letter: "H", word: "hold or release" },
  release: { letter: "H", word: "hold or release" },
  claim: { letter: "C", word: "pause claimed or given away" },
  thresholds: { letter: "T", word: "thresholds changed" },
  outage: { letter: "O", word: "outage, or its end" },
  recovered: { letter: "O", word: "outage, or its end" },
  start: { letter: "S", word: "daemon started or stopped" },
  stop: { letter: "S", word: "daemon started or stopped" },
  reload: { letter: "R", word: "configuration reloaded" },
  clock: { letter: "M", word: "machine's clock set" },
  platform: { letter: "P", word: "changed on the platform" },
};

/** A colour of the scheme in force. */
export function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A time, in seconds, as a date whose own clock shows what that of the zone shows: a plot places its ticks by it. */
export function inZone(at) {
  return uPlot.tzDate(new Date(at * 1000), zone());
}

/** The time that a plot shows, in seconds. What lies before the first reading is left out, down to a quarter of an hour. */
export function ownRange({ since, now, steps }) {
  const first = Math.min(steps.times_ms[0] ?? 0, ms(now) - SHORTEST_MS);
  return [Math.max(ms(since), first) / 1000, ms(now) / 1000];
}

/** A plot over the time of a series: of the width that there is, in the colours of the scheme in force. */
export class TimePlot {
  constructor(host, readout) {
    this.host = host;
    this.readout = readout;
    this.plot = null;
    this.series = null;
    /** The part that is looked at, in seconds; nothing while it is the whole. */
    this.part = null;
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.series && this.show(this.series, true);
    this.scheme.addEventListener("change", this.redraw);
    this.resized = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.resized.observe(host);
  }

  size() {
    return { width: Math.max(240, this.host.clientWidth), height: this.height() };
  }

  show(series, anew = false) {
    this.series = series;
    const data = this.columns(series);
    if (anew) {
      this.plot?.destroy();
      this.plot = null;
    }
    if (this.plot) this.plot.setData(data);
    else this.plot = new uPlot(this.options(), data, this.host);
  }

  /** Looks at a part, in seconds, or at the whole. */
  look(part) {
    this.part = part;
    if (this.series) this.plot?.setData(this.columns(this.series));
  }

  destroy() {
    this.scheme.removeEventListener("change", this.redraw);
    this.resized.disconnect();
    this.plot?.destroy();
  }
}

/** The part within a whole that is so much closer, or further along, in seconds; nothing where that is the whole. */
export function moved([from, until], whole, { closer = 1, along = 0 }) {
  const wide = Math.min(whole[1] - whole[0], Math.max(CLOSEST_S, (until - from) / closer));
  const middle = (from + until) / 2 + along * (until - from);
  const begin = Math.min(Math.max(whole[0], middle - wide / 2), whole[1] - wide);
  return wide >= whole[1] - whole[0] ? null : [begin, begin + wide];
}

/** The plot of one campaign. `looked` is told which part somebody has drawn over it. */
export class Plot extends TimePlot {
  constructor(host, readout, looked) {
    super(host, readout);
    this.looked = looked;
    host.addEventListener("dblclick", () => looked(null));
  }

  height() {
    return this.host.clientWidth < 600 ? 220 : 300;
  }

  range() {
    return this.part ?? ownRange(this.series);
  }

  columns({ steps: { times_ms: times, available, pause_below: low, resume_at: high } }) {
    return [times.map((at) => at / 1000), available, low, high];
  }

  options() {
    const ink = themed("--muted");
    const grid = { stroke: themed("--edge"), width: 1 };
    const font = "13px system-ui, sans-serif";
    const stepped = uPlot.paths.stepped({ align: 1 });
    const line = (label, stroke, more) => ({ label, stroke: themed(stroke), paths: stepped, points: { show: false }, spanGaps: false, ...more });
    return {
      ...this.size(),
      padding: [16, 24, 0, 0],
      legend: { show: false },
      tzDate: inZone,
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
      scales: {
        x: { range: () => this.range() },
        y: { range: (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 1) * 1.1))] },
      },
      axes: [
        { stroke: ink, grid, ticks: grid, font, space: 90, values: (_, splits) => this.times(splits) },
        { stroke: ink, grid, ticks: grid, font, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      ],
      series: [
        {},
        line("available", "--plot-agents", { width: 2, fill: themed("--plot-agents-fill") }),
        line("pause threshold", "--plot-pause", { width: 2, dash: [7, 4] }),
        line("resume threshold", "--plot-resume", { width: 2, dash: [2, 3] }),
      ],
      hooks: {
        drawClear: [(plot) => this.shade(plot)],
        draw: [(plot) => this.marks(plot), (plot) => this.events(plot)],
        setCursor: [(plot) => this.read(plot)],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
  }

  /** Times of day; of several days each begins with its date. */
  times(splits) {
    const now = ms(this.series.now);
    const [from, until] = this.range();
    const several = until - from > 86_400;
    return splits.map((at) => clock(at * 1000, several ? now : at * 1000));
  }

  /** Somebody has drawn over a part. */
  selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const part = [left, left + width].map((x) => plot.posToVal(x, "x"));
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.looked(part[1] - part[0] < CLOSEST_S ? null : part);
  }

  shade(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    const clamp = (at) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at / 1000, "x", true)));
    const until = end(this.series);
    for (const { from_ms: from, until_ms: ends, by } of this.series.paused) {
      const [left, right] = [clamp(from), clamp(ends ?? until)];
      if (right <= bbox.left || left >= bbox.left + bbox.width) continue;
      ctx.fillStyle = themed(`--plot-shade-${by}`);
      ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
    }
    ctx.strokeStyle = themed("--plot-gap");
    ctx.lineWidth = devicePixelRatio;
    const step = 9 * devicePixelRatio;
    for (const gap of gaps(this.series, until)) {
      const [left, right] = [clamp(gap.from), clamp(gap.until)];
      if (right - left < 1) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, bbox.top, right - left, bbox.height);
      ctx.clip();
      ctx.beginPath();
      for (let x = left - bbox.height; x < right; x += step) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.stroke();
      ctx.restore();
    }
    ctx.restore();
  }

  /** A triangle at the top for each change of the status: pointing down for a pause, up for a resume. */
  marks(plot) {
    const { ctx, bbox } = plot;
    const size = 4.5 * devicePixelRatio;
    ctx.save();
    for (const { at_ms: at, to, by } of this.series.transitions) {
      const x = plot.valToPos(at / 1000, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const tip = to === "paused" ? 1 : -1;
      const y = bbox.top - size - 1;
      ctx.fillStyle = to === "running" && by === "autopilot" ? themed("--ok") : themed(`--${STOPPED_BY[by]?.tone ?? "pause"}`);
      ctx.beginPath();
      ctx.moveTo(x, y + tip * size);
      ctx.lineTo(x - size, y - tip * size);
      ctx.lineTo(x + size, y - tip * size);
      ctx.fill();
    }
    ctx.restore();
  }

  /** A letter at the bottom, on a line through the plot, for each hold, change of thresholds, outage, restart and reload. */
  events(plot) {
    const { ctx, bbox } = plot;
    const size = 7 * devicePixelRatio;
    ctx.save();
    ctx.font = `600 ${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    let last = -Infinity;
    for (const { at_ms: at, kind } of this.series.events) {
      const x = plot.valToPos(at / 1000, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const colour = themed(kind === "outage" ? "--bad" : "--muted");
      ctx.strokeStyle = colour;
      ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      // Letters that would lie over each other are one; the readout has all of them.
      if (x - last < 2 * size) continue;
      last = x;
      const y = bbox.top + bbox.height - size - devicePixelRatio;
      ctx.fillStyle = colour;
      ctx.beginPath();
      ctx.arc(x, y, size, 0, 2 * Math.PI);
      ctx.fill();
      ctx.fillStyle = themed("--surface");
      ctx.fillText(EVENTS[kind].letter, x, y);
    }
    ctx.restore();
  }

  /** Says what is under the pointer. */
  read(plot) {
    const { left } = plot.cursor;
    if (left === undefined || left < 0) {
      say(this.readout, "");
      return;
    }
    const at = plot.posToVal(left, "x") * 1000;
    const { steps, transitions, events, now } = this.series;
    const row = steps.times_ms.findLastIndex((time) => time <= at);
    const count = row < 0 ? null : steps.available[row];
    const words = [clockToSecond(at, ms(now))];
    if (count === null) words.push("no valid reading");
    else words.push(`${count} available`, `pause below ${steps.pause_below[row]}`, `resume at ${steps.resume_at[row]}`);
    const during = stoppedAt(this.series, at);
    if (during) words.push(wordIn(STOPPED_BY[during.by].word));
    const near = events.filter((one) => Math.abs(plot.valToPos(one.at_ms / 1000, "x") - left) <= NEAR_PX);
    for (const { at_ms: when, says } of near) words.push(`${clockToSecond(when, ms(now))}: ${says}`);
    const last = transitions.findLast((one) => one.at_ms <= at);
    if (last) words.push(`decision ${last.decision}`);
    say(this.readout, words.join(" · "));
  }
}
