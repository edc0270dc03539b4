// What a campaign's state is called, how it looks, and how much it wants to be looked at.

/** Words, pictures and tones of the states. The tone only repeats what the word says. */
const STATES = {
  running: { word: "Running", icon: "play", tone: "ok" },
  autopilot: { word: "Paused by the autopilot", icon: "pause", tone: "pause" },
  calendar: { word: "Paused by the calendar", icon: "pause", tone: "off" },
  person: { word: "Paused by a person", icon: "person", tone: "person" },
  unproven: { word: "Paused, by whom is not known", icon: "unknown", tone: "bad" },
  stopped: { word: "Stopped", icon: "stop", tone: "off" },
  unknown: { word: "Not known", icon: "unknown", tone: "bad" },
};

/** What wants attention comes first; the number is the order. */
const RANKS = { failing: 0, held: 1, person: 2, autopilot: 3, calendar: 4, stopped: 5, running: 6 };

/** The groups by which people look, in the order in which they are offered. */
export const GROUPS = [
  { key: "failing", word: "Not known or not read", icon: "warning", tone: "bad" },
  { key: "held", word: "Held by an operator", icon: "lock", tone: "info" },
  { key: "person", ...STATES.person },
  { key: "autopilot", ...STATES.autopilot },
  { key: "calendar", ...STATES.calendar },
  { key: "stopped", ...STATES.stopped },
  { key: "running", ...STATES.running },
];

/** The state's key: a pause's owner is part of it. */
function stateOf(campaign) {
  if (campaign.state === "paused" && campaign.calendar?.paused) return "calendar";
  if (campaign.state === "paused") return campaign.paused_by in STATES ? campaign.paused_by : "autopilot";
  return campaign.state in STATES ? campaign.state : "unknown";
}

/** How a campaign stands. */
export function standing(campaign) {
  const key = stateOf(campaign);
  const blind = campaign.available === null || campaign.available === undefined;
  // Where the calendar is the whole rule there is no number, and none is missing.
  const counted = campaign.outcome !== null && !campaign.calendar?.alone;
  const failing = key === "unknown" || key === "unproven" || (blind && counted);
  const group = failing ? "failing" : campaign.hold ? "held" : key;
  return { key, ...STATES[key], failing, group, rank: RANKS[group] };
}

/** Groups that a campaign belongs to: a held campaign is also paused or running. */
export function belongs(campaign, group) {
  const { key, failing } = standing(campaign);
  if (group === "failing") return failing;
  if (group === "held") return campaign.hold !== null;
  return key === group;
}

/** What an operator's hold asks for, in words. */
export function holdInWords(kind) {
  return { running: "kept running", paused: "kept paused", "as-is": "left as it is" }[kind] ?? kind;
}

/** What people call a campaign: its name, where it has one, and its id. */
export function called({ name, id }) {
  return name ? `${name} (${id})` : id;
}

/** A change of state, for those who listen. */
export function changeInWords(campaign) {
  const { word } = standing(campaign);
  const count = campaign.calendar?.alone ? campaign.calendar.says : campaign.available === null ? "no valid reading" : `${campaign.available} available`;
  return `${called(campaign)}: ${word.toLowerCase()}, ${count}.`;
}
