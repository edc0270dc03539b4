// A simulated day: what is simulated, how fast it goes by, and what the autopilot makes of it beside the same day without it.

import { el, fill, svg } from "./dom.js";

/** What is compared: the value of an arm, and how many digits of it say something. */
const MEASURES = [
  { name: "Calls connected per hour", value: (arm) => arm.connected_per_hour, digits: 0 },
  { name: "Of 1,000 who answered, met nobody", value: (arm) => 1000 * arm.abandoned_share, digits: 1 },
  { name: "Of 1,000 who called, hung up", value: (arm) => 1000 * arm.hung_up_share, digits: 1 },
];

const ARMS = [
  { key: "with_autopilot", name: "with the autopilot", tone: "ours" },
  { key: "left_running", name: "left running", tone: "left" },
];

/** The picture, in its own units; it is as wide as there is room for. */
const PICTURE = { width: 300, row: 22, bars: 128, longest: 126, gap: 6 };

/** Two bars of one measure, the longer one as long as there is room for. */
function bars({ name, value, digits }, comparison) {
  const found = ARMS.map((arm) => ({ ...arm, of: value(comparison[arm.key]) }));
  const most = Math.max(...found.map(({ of }) => of), Number.MIN_VALUE);
  const { width, row, longest, gap } = PICTURE;
  const height = row * found.length;
  const words = found.map((arm) => `${arm.of.toFixed(digits)} ${arm.name}`).join(", ");
  const rows = found.map((arm, number) => {
    const middle = row * number + row / 2;
    const long = Math.max(1, (longest * arm.of) / most);
    return svg(
      "g",
      {},
      svg("text", { x: 0, y: middle, class: "arm" }, arm.name),
      svg("rect", { x: PICTURE.bars, y: middle - 7, width: long, height: 14, rx: 2, class: arm.tone }),
      svg("text", { x: PICTURE.bars + long + gap, y: middle, class: "of" }, arm.of.toFixed(digits)),
    );
  });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${name}: ${words}` }, ...rows);
  return el("figure", {}, el("figcaption", {}, name), picture);
}

/** How much of the day is compared. */
function lived(hours) {
  const minutes = Math.round(60 * hours);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** Shows that what is steered is simulated, if it is. */
export function showSimulation(place, { simulation, ended }) {
  place.hidden = !simulation;
  fill(place, JSON.stringify([simulation, ended]), () => {
    if (!simulation) return [];
    const { scenario, about, speed, seed, comparison } = simulation;
    const fast = speed >= 10 ? Math.round(speed).toLocaleString("en") : Number(speed.toPrecision(2));
    const parts = [
      el("h2", { id: "simulated" }, "Simulation"),
      el("p", {}, `${about}. The day `, el("span", { class: "unbroken" }, scenario), `, seed ${seed}, ${ended ? "went" : "goes"} by at ${fast} times real time; only the daemon is real.`),
    ];
    if (comparison) {
      parts.push(
        el("p", { class: "beside" }, `The same callers, customers and agents twice, ${ended ? "" : "so far "}over ${lived(comparison.hours)}:`),
        el("div", { class: "measures" }, MEASURES.map((measure) => bars(measure, comparison))),
      );
    }
    return parts;
  });
}
