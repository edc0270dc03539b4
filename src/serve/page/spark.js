// A card's small plot: the last two hours, asked for once and carried on by each status.

import { el, svg } from "./dom.js";

/** It shows so much. */
const SPARK_MS = 2 * 3600 * 1000;

/** And no less than this. */
const SPARK_LEAST_MS = 120 * 1000;

const WIDTH = 240;
const HEIGHT = 48;

/** Room above the highest and below the lowest step, in the small plot's units. */
const MARGIN = 4;

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
      by: campaign.stopped_by,
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
