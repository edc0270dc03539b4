// What a campaign's state is called, how it looks, and how much it wants to be looked at.

/**
 * By whom or what a campaign does not dial: words, pictures and tones. The tone only repeats what the word says. `short` is for walls, and
 * `times` says how often.
 */
export const STOPPED_BY = {
  autopilot: { word: "Paused by the autopilot", short: "Autopilot", times: (many) => `paused ${many} by the autopilot`, icon: "pause", tone: "pause" },
  hold: { word: "Held paused by an operator", short: "Operator", times: (many) => `held paused ${many} by an operator`, icon: "lock", tone: "info" },
  calendar: { word: "Paused by the calendar", short: "Calendar", times: (many) => `paused ${many} by the calendar`, icon: "calendar", tone: "calendar" },
  person: { word: "Paused by a person", short: "Person", times: (many) => `paused ${many} by a person`, icon: "person", tone: "person" },
  unproven: { word: "Paused, by whom is not known", short: "Not known", times: (many) => `paused ${many}, by whom is not known`, icon: "unknown", tone: "bad" },
  platform: { word: "Stopped on the platform", short: "Platform", times: (many) => `stopped ${many} on the platform`, icon: "stop", tone: "off" },
};

const STATES = {
  running: { word: "Running", short: "Running", icon: "play", tone: "ok" },
  ...STOPPED_BY,
  unknown: { word: "Not known", short: "Not known", icon: "unknown", tone: "bad" },
};

/** What wants attention comes first; the number is the order. */
const RANKS = { failing: 0, held: 1, person: 2, autopilot: 3, calendar: 4, platform: 5, running: 6 };

/** The groups by which people look, in the order in which they are offered. */
export const GROUPS = [
  { key: "failing", word: "Not known or not read", short: "Not read", icon: "warning", tone: "bad" },
  { key: "held", word: "Held by an operator", short: "Held", icon: "lock", tone: "info" },
  { key: "person", ...STATES.person },
  { key: "autopilot", ...STATES.autopilot },
  { key: "calendar", ...STATES.calendar },
  { key: "platform", ...STATES.platform },
  { key: "running", ...STATES.running },
];

/** The state's key: by whom or what it does not dial is part of it. */
function stateOf(campaign) {
  if (campaign.stopped_by in STOPPED_BY) return campaign.stopped_by;
  return campaign.state === "running" ? "running" : "unknown";
}

/** How a campaign stands. What is shown of old data, or without a reading, has no colour that says all is well. */
export function standing(campaign, stale = false) {
  const key = stateOf(campaign);
  const blind = campaign.available === null || campaign.available === undefined;
  // Where the calendar is the whole rule there is no number, and none is missing.
  const counted = campaign.outcome !== null && !campaign.calendar?.alone;
  const failing = key === "unknown" || key === "unproven" || (blind && counted);
  const group = failing ? "failing" : campaign.hold ? "held" : key;
  const { word, short, icon, tone } = STATES[key];
  const doubtful = stale || (failing && tone !== "bad");
  // A command that the platform refuses leaves the campaign as it should not be.
  const rank = campaign.outcome === "refused" ? RANKS.failing : RANKS[group];
  return { key, word, short, icon, tone: doubtful ? "stale" : tone, failing, group, rank };
}

/** Whether somebody should look at it: what it shows is old or not known, it does not dial for want of agents or by a person, or something is wrong. */
export function wantsAttention(campaign, stale) {
  const { rank } = standing(campaign);
  const wrong = campaign.guards?.some(({ state }) => state === "above") || campaign.rivals?.length > 0;
  return stale || rank <= RANKS.autopilot || wrong;
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

/** The thresholds that are in force, or would be. */
export function thresholdsOf({ pause_below: low, resume_at: high, set, configured }) {
  return { low: low ?? set?.pause_below ?? configured.pause_below, high: high ?? set?.resume_at ?? configured.resume_at };
}

/** The rule in words: what the number beside it is compared with. */
export function ruleInWords(campaign) {
  const { aim, calendar } = campaign;
  if (calendar?.alone) return "the calendar is the whole rule";
  if (aim?.in_force) return `signal ${aim.signal ?? "unknown"}: pause below ${aim.threshold}, resume at ${aim.resume_at}`;
  const { low, high } = thresholdsOf(campaign);
  return `pause below ${low}, resume at ${high}`;
}

/** The number in words: what it counts. */
export function unitInWords({ available, staffed, calendar }) {
  if (calendar?.alone) return "no agents count";
  if (available === null) return "no valid reading";
  return staffed === null ? "available" : `of ${staffed} available`;
}

/** How many campaigns, in words. */
export const manyInWords = (many) => (many === 1 ? "1 campaign" : `${many} campaigns`);

/** A change of state, for those who listen. */
export function changeInWords(campaign) {
  const { word } = standing(campaign);
  const count = campaign.calendar?.alone ? campaign.calendar.says : campaign.available === null ? "no valid reading" : `${campaign.available} available`;
  return `${called(campaign)}: ${word.toLowerCase()}, ${count}.`;
}
