// Preview assignments and queues: cards of their own, shown when the daemon manages such.

import { el, fill, icon } from "./dom.js";
import { clock, clockToSecond, ms, sentence, span } from "./time.js";

const LISTS = {
  serving: { word: "Serving", icon: "agents", tone: "ok" },
  standing: { word: "Not running", icon: "pause", tone: "pause" },
  left_alone: { word: "Left to a person", icon: "person", tone: "person" },
  unknown: { word: "Not known", icon: "unknown", tone: "bad" },
};

const ENDS = {
  accepted: "in force",
  no_capacity: "refused: the dialler has no capacity",
  refused: "refused",
  lost: "sent, no answer",
  not_sent: "not sent",
};

const QUEUES = {
  steady: { word: "Steady", icon: "check", tone: "ok" },
  changed: { word: "Changed", icon: "thresholds", tone: "info" },
  advising: { word: "Advice only", icon: "info", tone: "info" },
  unmeasured: { word: "Not measured", icon: "unknown", tone: "off" },
  conflict: { word: "Changed by somebody else", icon: "person", tone: "person" },
  held: { word: "Held", icon: "lock", tone: "info" },
  unreachable: { word: "Not reached", icon: "warning", tone: "bad" },
};

function card(name, { word, icon: picture, tone }, why, now, facts) {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("li", { class: `card ${tone}` },
    el("div", { class: "state" }, el("span", { class: "badge" }, icon(picture)), el("div", {}, el("span", { class: "word" }, word))),
    el("div", { class: "main" }, el("h3", {}, el("span", { class: "id" }, name)), why && el("p", { class: "why" }, sentence(why, now))),
    el("dl", { class: "facts" }, shown.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, String(value))))));
}

/** A queue's figures in words; what is not set is left out. */
function figures(value) {
  if (!value) return null;
  const { max_wait_s: wait, max_waiters: waiters, service_level: level } = value;
  const parts = [
    typeof wait === "number" && `wait up to ${span(wait)}`,
    typeof waiters === "number" && `up to ${waiters} waiting`,
    level && `${level.percent}% within ${level.within_s} s`,
  ];
  return parts.filter(Boolean).join(", ");
}

function show(section, rows, members, make) {
  section.hidden = !members?.length;
  if (members?.length) fill(rows, JSON.stringify(members), () => members.map(make));
}

/** The preview assignments of a status. */
export function showAssignments(section, rows, status) {
  const now = ms(status.now);
  show(section, rows, status.assignments, ({ id, state, listed, wanted, least, most, until, why, last_dispatch: last }) => {
    const sent = last && `${clockToSecond(ms(last.at), now)}, ${ENDS[last.end] ?? last.end}: ${last.joining} joined, ${last.leaving} left [${last.decision}]`;
    return card(id, LISTS[state] ?? LISTS.unknown, why, now, [
      ["On the list", listed],
      ["Wanted by the plan", wanted],
      ["At least / at most", `${least} / ${most}`],
      ["Left alone until", until && clock(ms(until), now)],
      ["Last list sent", sent],
    ]);
  });
}

/** The queues of a status, where the daemon manages any. */
export function showQueues(section, rows, status) {
  const now = ms(status.now);
  const rounded = (value, digits) => (typeof value === "number" ? value.toFixed(digits) : value);
  show(section, rows, status.queues, (queue) => {
    const known = QUEUES[queue.state] ?? { word: queue.state, icon: "info", tone: "off" };
    return card(queue.name ? `${queue.name} (${queue.id})` : queue.id, known, queue.why, now, [
      ["In use", typeof queue.utilisation === "number" ? `${(queue.utilisation * 100).toFixed(0)}%` : null],
      ["Waiting", queue.waiting],
      ["Agents", queue.agents],
      ["Drains by", typeof queue.drain_per_s === "number" ? `${rounded(queue.drain_per_s, 3)} a second` : null],
      ["Empty in", typeof queue.time_to_drain_s === "number" ? span(queue.time_to_drain_s) : null],
      ["Figures", figures(queue.figures)],
      ["Advised", figures(queue.advised)],
      ["Held until", queue.held_until && clock(ms(queue.held_until), now)],
      ["Last change", queue.last_change_at && `${clockToSecond(ms(queue.last_change_at), now)}${queue.decision ? ` [${queue.decision}]` : ""}`],
      ["Read at", queue.read_at && clockToSecond(ms(queue.read_at), now)],
    ]);
  });
}
