// What concerns everything at once: a lost connection, old data, a dry run, a configuration with faults.

import { el, fill, icon, say } from "./dom.js";
import { clockToSecond, ms, span } from "./time.js";

/** Data older than so many polls, and than so many seconds, is marked as old, as the daemon treats its samples. */
const OLD_AFTER = { polls: 3, seconds: 5 };

/** How old the last valid reading is, in seconds; none before the first. */
export function age(view) {
  const { status, receivedAt } = view;
  if (!status?.sample_at) return null;
  const then = (ms(status.now) - ms(status.sample_at)) / 1000;
  const since = status.ended ? 0 : (performance.now() - receivedAt) / 1000;
  return Math.max(0, then + since);
}

/** Whether that is too old. */
export function old(view) {
  const limit = Math.max(OLD_AFTER.seconds, view.status.poll_interval_s * OLD_AFTER.polls);
  const seconds = age(view);
  return seconds !== null && seconds > limit;
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
    const at = clockToSecond(ms(status.sample_at), ms(status.now));
    add(`old ${at}`, () =>
      notice("bad", "warning", "Old data. ", "Data is ", el("span", { class: "age" }), ` old; the last valid reading is of ${at}. Nothing is resumed on it.`));
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
