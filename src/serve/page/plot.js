// Plots: agents against both thresholds as steps, pauses as shades, changes as marks. What is not known is left out.

import { el, say, svg } from "./dom.js";
import { clock, clockToSecond, ms, span } from "./time.js";

/** A row's small plot shows so much. */
export const SPARK_MS = 2 * 3600 * 1000;

/** And no less than this. */
const SPARK_LEAST_MS = 120 * 1000;

/** The large plot shows no less. */
const SHORTEST_MS = 900 * 1000;

const WIDTH = 240;
const HEIGHT = 48;

/** Room above the highest and below the lowest step, in the small plot's units. */
const MARGIN = 4;

/** What a row's small plot is drawn from: the last two hours, carried on by each status. */
export class Spark {
  constructor() {
    this.element = el("div", { class: "spark", "aria-hidden": "true" });
    this.steps = [];
    this.drawn = "";
  }

  /** Takes the past over; what was carried on meanwhile stays behind it. */
  load(series) {
    const { times_ms: times, available, pause_below: low, resume_at: high } = series.steps;
    const pausedAt = (at) => series.paused.find((one) => one.from_ms <= at && (one.until_ms === null || at < one.until_ms));
    const past = times.map((at, n) => ({ at, available: available[n], low: low[n], high: high[n], by: pausedAt(at)?.by ?? null }));
    const until = past.at(-1)?.at ?? 0;
    this.steps = past.concat(this.steps.filter((step) => step.at > until));
    this.drawn = "";
  }

  /** Carries it on by a campaign of the status. */
  push(campaign, now) {
    const step = {
      at: now,
      available: campaign.available,
      low: campaign.pause_below,
      high: campaign.resume_at,
      by: campaign.state === "paused" ? campaign.paused_by : null,
    };
    const last = this.steps.at(-1);
    const same = last && ["available", "low", "high", "by"].every((key) => last[key] === step[key]);
    if (!same && !(last && last.at >= now)) this.steps.push(step);
    // One step from before the window tells what held when it begins.
    const first = this.steps.findIndex((one) => one.at >= now - SPARK_MS);
    if (first > 1) this.steps.splice(0, first - 1);
  }

  draw(now) {
    const key = `${this.steps.length} ${Math.round(now / 5000)} ${this.steps.at(-1)?.at}`;
    if (this.drawn === key) return;
    this.drawn = key;
    // A daemon that has just begun has little to show, and shows it large.
    const width = Math.min(SPARK_MS, Math.max(SPARK_LEAST_MS, now - (this.steps[0]?.at ?? now)));
    const from = now - width;
    const x = (at) => (((Math.max(at, from) - from) / width) * WIDTH).toFixed(1);
    const top = Math.max(1, ...this.steps.flatMap((step) => [step.available ?? 0, step.high ?? 0]));
    const y = (count) => (HEIGHT - MARGIN - (count / top) * (HEIGHT - 2 * MARGIN)).toFixed(1);
    const ends = this.steps.map((_, n) => this.steps[n + 1]?.at ?? now);
    const parts = [];
    this.steps.forEach((step, n) => {
      if (!step.by || ends[n] <= from) return;
      const wide = Math.max(0, x(ends[n]) - x(step.at)).toFixed(1);
      parts.push(svg("rect", { class: `shade ${step.by}`, x: x(step.at), y: 0, width: wide, height: HEIGHT }));
    });
    const path = (value) => {
      let pen = "";
      let drawing = false;
      this.steps.forEach((step, n) => {
        const count = value(step);
        if (count === null || count === undefined || ends[n] <= from) {
          drawing = false;
          return;
        }
        pen += `${drawing ? "L" : "M"}${x(step.at)} ${y(count)}H${x(ends[n])}`;
        drawing = true;
      });
      return pen;
    };
    const line = (name, value) => svg("path", { class: name, d: path(value), "vector-effect": "non-scaling-stroke" });
    parts.push(line("low", (step) => step.low), line("high", (step) => step.high), line("agents", (step) => step.available));
    const view = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
    this.element.replaceChildren(svg("svg", view, ...parts));
  }
}

/** What a plot shows, in words. */
export function inWords(series) {
  const counts = series.steps.available.filter((count) => count !== null);
  if (counts.length === 0) return "No valid reading in this time.";
  const end = series.known_until ? ms(series.known_until) : ms(series.now);
  const of = (by) => series.paused.filter((one) => one.by === by);
  const times = (spans) => (spans.length === 1 ? "once" : `${spans.length} times`);
  const lasted = (spans) => span(spans.reduce((sum, one) => sum + ((one.until_ms ?? end) - one.from_ms) / 1000, 0));
  const least = counts.reduce((a, b) => Math.min(a, b));
  const most = counts.reduce((a, b) => Math.max(a, b));
  const range = least === most ? `${least}` : `${least} to ${most}`;
  const words = [`${range} agents available`];
  const [ours, persons] = [of("autopilot"), of("person")];
  words.push(ours.length ? `paused ${times(ours)} by the autopilot, for ${lasted(ours)} in all` : "never paused by the autopilot");
  if (persons.length) words.push(`paused ${times(persons)} by a person, for ${lasted(persons)} in all`);
  const first = series.steps.times_ms[0];
  const known = first > ms(series.since) + 60_000 ? ` Nothing is known of the time before ${clock(first, ms(series.now))}.` : "";
  return `${words.join("; ")}.${known}`;
}

/** A colour of the scheme in force. */
export function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
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

  destroy() {
    this.scheme.removeEventListener("change", this.redraw);
    this.resized.disconnect();
    this.plot?.destroy();
  }
}

/** The large plot of one campaign. */
export class Plot extends TimePlot {
  height() {
    return this.host.clientWidth < 600 ? 220 : 300;
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
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: {
        x: { range: () => ownRange(this.series) },
        y: { range: (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 1) * 1.1))] },
      },
      axes: [
        { stroke: ink, grid, ticks: grid, font, space: 70, values: (_, splits) => splits.map((at) => clock(at * 1000, at * 1000)) },
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
        draw: [(plot) => this.marks(plot)],
        setCursor: [(plot) => this.read(plot)],
      },
    };
  }

  shade(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { from_ms: from, until_ms: until, by } of this.series.paused) {
      const clamp = (at) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at / 1000, "x", true)));
      const left = clamp(from);
      const right = clamp(until ?? ms(this.series.known_until ?? this.series.now));
      ctx.fillStyle = themed(by === "person" ? "--plot-shade-person" : "--plot-shade-autopilot");
      ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
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
      ctx.fillStyle = themed(by === "person" ? "--person" : to === "paused" ? "--pause" : "--ok");
      ctx.beginPath();
      ctx.moveTo(x, y + tip * size);
      ctx.lineTo(x - size, y - tip * size);
      ctx.lineTo(x + size, y - tip * size);
      ctx.fill();
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
    const { steps, paused, transitions, now } = this.series;
    const row = steps.times_ms.findLastIndex((time) => time <= at);
    const count = row < 0 ? null : steps.available[row];
    const words = [clockToSecond(at, ms(now))];
    if (count === null) words.push("no valid reading");
    else words.push(`${count} available`, `pause below ${steps.pause_below[row]}`, `resume at ${steps.resume_at[row]}`);
    const during = paused.find((one) => one.from_ms <= at && at < (one.until_ms ?? Infinity));
    if (during) words.push(during.by === "person" ? "paused by a person" : "paused by the autopilot");
    const last = transitions.findLast((one) => one.at_ms <= at);
    if (last) words.push(`decision ${last.decision}`);
    say(this.readout, words.join(" · "));
  }
}
