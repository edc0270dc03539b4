// How old the data are: of everything, and of each tenant.

import { readings } from "./tenants.js";
import { ms, span } from "./time.js";

/** Data older than so many polls, and than so many seconds, is marked as old, as the daemon treats its samples. */
const OLD_AFTER = { polls: 3, seconds: 5 };

/** The outages that there are, with their tenants where there are several. */
export function outages(status) {
  const known = (status.tenants ?? []).filter((tenant) => tenant.outage).map((tenant) => [tenant.name, tenant.outage]);
  return known.length || !status.outage ? known : [[null, status.outage]];
}

/** Whose data the daemon itself treats as stale. */
function stale(status) {
  return outages(status).filter(([, one]) => one.stale).map(([name]) => name);
}

/** The age of the last valid reading of each tenant in seconds, when it is too old, and whether it is. */
export function ages({ status, receivedAt }) {
  const since = status.ended ? 0 : (performance.now() - receivedAt) / 1000;
  const named = new Set(stale(status));
  return readings(status).map(({ name = null, sample_at: at, poll_interval_s: interval }) => {
    const seconds = Math.max(0, (ms(status.now) - ms(at)) / 1000 + since);
    const limit = Math.max(OLD_AFTER.seconds, interval * OLD_AFTER.polls);
    return { name, at, seconds, limit, old: seconds > limit || named.has(name) };
  });
}

/** The last valid reading; of several tenants the one that is the oldest by its own interval. */
export function oldest(view) {
  if (!view.status) return null;
  return ages(view).reduce((worst, one) => (worst && worst.seconds / worst.limit >= one.seconds / one.limit ? worst : one), null);
}

/** How old the last valid reading is, in seconds; none before the first. */
export function age(view) {
  return oldest(view)?.seconds ?? null;
}

/** Whether any of it is too old. */
export function old(view) {
  return view.status !== null && ages(view).some((one) => one.old);
}

/** What is old while the daemon is reached: words and tone; nothing where all data are fresh. */
function outdated(view) {
  const down = outages(view.status);
  const named = new Set(down.map(([name]) => name));
  const suspect = ages(view).filter((one) => one.old || named.has(one.name));
  if (suspect.length === 0) return down.length ? ["No data yet", "bad"] : null;
  const worst = suspect.reduce((most, one) => (one.seconds / one.limit > most.seconds / most.limit ? one : most));
  return [`Data${worst.name ? ` of ${worst.name}` : ""} ${span(worst.seconds)} old`, suspect.some((one) => one.old) ? "bad" : "warn"];
}

/** How the page stands to what it shows, in words and a tone: only what is fresh is live. */
export function connectionInWords(view) {
  const { status, connection } = view;
  const apart = { lost: "Lost, trying again", connecting: "Connecting", token: "Waiting for the token" }[connection];
  if (apart) return [apart, "bad"];
  if (!status) return ["Live", "ok"];
  if (status.ended) return ["Ended", "off"];
  if (!status.alive) return ["Loop silent", "bad"];
  return outdated(view) ?? (status.ready ? ["Live", "ok"] : ["Not ready", "warn"]);
}

/** What is old, as a key: another one means that something is to be drawn in other colours. */
export function late(view) {
  const { status, connection } = view;
  if (!status) return "";
  const names = ages(view).filter((one) => one.old).map(({ name }) => name);
  return JSON.stringify([connection === "lost", status.alive, names]);
}

/** Tells of a campaign whether what is shown of it is only what was last known. */
export function staleness(view) {
  const { status, connection } = view;
  if (!status) return () => false;
  if (connection === "lost") return () => true;
  // Of a loop that has ended nothing is to come.
  if (status.ended) return () => false;
  if (!status.alive) return () => true;
  const late = new Set([...stale(status), ...ages(view).filter((one) => one.old).map(({ name }) => name)]);
  return ({ tenant }) => late.has(tenant ?? null);
}
