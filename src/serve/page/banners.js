// What concerns everything at once: a lost connection, old data, a dry run, a configuration with faults.

import { el, fill, icon, say } from "./dom.js";
import { readings } from "./tenants.js";
import { clockToSecond, ms, span } from "./time.js";

/** Data older than so many polls, and than so many seconds, is marked as old, as the daemon treats its samples. */
const OLD_AFTER = { polls: 3, seconds: 5 };

/** The last valid reading, of several tenants the one that is the oldest by its own interval: its age and when it is too old, in seconds. */
function oldest({ status, receivedAt }) {
  if (!status) return null;
  const since = status.ended ? 0 : (performance.now() - receivedAt) / 1000;
  const ages = readings(status).map(({ name, sample_at: at, poll_interval_s: interval }) => ({
    name,
    at,
    seconds: Math.max(0, (ms(status.now) - ms(at)) / 1000 + since),
    limit: Math.max(OLD_AFTER.seconds, interval * OLD_AFTER.polls),
  }));
  return ages.reduce((worst, one) => (worst && worst.seconds / worst.limit >= one.seconds / one.limit ? worst : one), null);
}

/** How old the last valid reading is, in seconds; none before the first. */
export function age(view) {
  return oldest(view)?.seconds ?? null;
}

/** Whether that is too old. */
export function old(view) {
  const found = oldest(view);
  return found !== null && found.seconds > found.limit;
}

function notice(tone, picture, title, ...more) {
  return el("div", { class: `notice ${tone}` }, icon(picture), el("div", {}, el("strong", {}, title), ...more));
}

/** Every notice that there is, as a key and what makes it. */
function due(view) {
  const { status, connection, why } = view;
  const found = [];
  const add = (key, make) => found.push({ key, make });
  if (connection === "lost") {
    add(`lost ${why}`, () =>
      notice("bad", "warning", "Connection lost, trying again. ", el("span", {}, `What is shown may be out of date (${why}).`)));
  }
  if (!status) return found;
  if (status.ended) {
    add("ended", () => notice("info", "info", "The loop has ended. ", "This is how it was at its end; nothing changes any more."));
  } else if (!status.alive) {
    add("alive", () => notice("bad", "warning", "The loop is silent. ", "It has missed its deadline; the campaigns are not controlled."));
  } else if (!status.ready) {
    add(`ready ${status.not_ready}`, () => notice("bad", "warning", "Not ready: ", `${status.not_ready}.`));
  }
  if (old(view)) {
    const { name, at: read } = oldest(view);
    const at = clockToSecond(ms(read), ms(status.now));
    add(`old ${name} ${at}`, () =>
      notice("bad", "warning", "Old data. ", name ? `Data of tenant ${name} is ` : "Data is ", el("span", { class: "age" }), ` old; the last valid reading is of ${at}. Nothing is resumed on it.`));
  }
  if (status.dry_run) {
    add("dry", () => notice("info", "info", "Dry run. ", "Decisions are made and shown; nothing is commanded."));
  }
  if (status.store_damage?.length) {
    const found = status.store_damage;
    add(`damage ${found.join(" ")}`, () =>
      notice("bad", "warning", "The store is damaged. ", "The campaigns are controlled all the same.", el("ul", {}, found.map((one) => el("li", {}, one)))));
  }
  const reload = status.config.last_reload;
  if (reload && !reload.ok) {
    const at = clockToSecond(ms(reload.at), ms(status.now));
    add(`reload ${reload.at}`, () =>
      notice(
        "warn",
        "warning",
        "The configuration was not reloaded. ",
        `The old one stays in force (requested by ${reload.by} at ${at}).`,
        el("ul", {}, reload.faults.map((fault) => el("li", {}, fault))),
      ));
  }
  return found;
}

/** Shows the notices; returns their keys, so that new ones can be announced. */
export function showNotices(place, view) {
  const notices = due(view);
  const key = notices.map((one) => one.key).join("\n");
  fill(place, key, () => notices.map((one) => one.make()));
  const seconds = age(view);
  for (const element of place.querySelectorAll(".age")) say(element, span(seconds));
  return notices.map((one) => one.key);
}
