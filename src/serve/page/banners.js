// What concerns everything at once: a lost connection, an outage, old data, a dry run, a configuration with faults.

import { el, fill, icon, say } from "./dom.js";
import { ages, outages } from "./freshness.js";
import { clockToSecond, ms, span } from "./time.js";

function notice(tone, picture, title, ...more) {
  return el("div", { class: `notice ${tone}` }, icon(picture), el("div", {}, el("strong", {}, title), ...more));
}

/** A number with its noun. */
function counted(number, one, several) {
  return number === 1 ? one : `${number} ${several}`;
}

/** What becomes of running campaigns while nothing can be read. */
function meanwhile({ keep_dialling: dialling, paused, stale }) {
  const found = [];
  if (dialling) found.push(`${counted(dialling, "One running campaign keeps", "running campaigns keep")} dialling`);
  if (paused) found.push(`${counted(paused, "one campaign is", "campaigns are")} paused by on_stale${stale ? "" : " then"}`);
  return found.length ? found.join(", ") : "No campaign is known to run";
}

/** Of when the last valid reading of a tenant is, and how old that is by now. */
function lastReading(name, view) {
  const reading = ages(view).find((one) => one.name === name);
  if (!reading) return "There is no valid reading yet. ";
  const grows = el("span", { class: "age" });
  grows.dataset.tenant = name ?? "";
  return [`The last valid reading is of ${clockToSecond(ms(reading.at), ms(view.status.now))}, `, grows, " old. "];
}

/** The outage of one tenant: since when, how many polls, the platform's own words, how old the data are, and what goes on dialling. */
function outage(name, { since, polls, error, ...rest }, view) {
  const at = clockToSecond(ms(since), ms(view.status.now));
  const whose = name ? `Outage of tenant ${name} since ` : "Outage since ";
  const missing = counted(polls, "one poll gave", "polls in a row gave");
  return notice("bad", "warning", `${whose}${at}. `, lastReading(name, view),
    `${meanwhile({ ...rest })}, and none is resumed: ${missing} no valid reading (${error}).`);
}

/** Reasons for not being ready of which an outage says more. */
const OF_READINGS = /^(no valid poll yet|data is stale)/;

/** Why it is not ready, but for what an outage tells. */
function notReady({ ready, not_ready: all, tenants, ...status }) {
  if (ready) return null;
  const failing = new Set(outages({ tenants, ...status }).map(([name]) => name));
  if (failing.size === 0) return all;
  if (failing.has(null)) return OF_READINGS.test(all) ? null : all;
  if (!all.startsWith("tenant ")) return all;
  // What another daemon steers is not ready here, and is no reason either.
  const counts = ({ name, not_ready: reason }) => reason && all.includes(`tenant ${name}: ${reason}`) && !(failing.has(name) && OF_READINGS.test(reason));
  return tenants.filter(counts).map(({ name, not_ready: reason }) => `tenant ${name}: ${reason}`).join("; ") || null;
}

/** Tenants whose data are old for a reason that no other notice tells. */
function oldOnly(view) {
  const { status, connection } = view;
  if (connection === "lost" || !status.alive) return [];
  const told = new Set(outages(status).map(([name]) => name));
  return ages(view).filter(({ name, old }) => old && !told.has(name));
}

/** Every notice that there is, as a key and what makes it; `shown` where what it shows changes and is no news. */
function due(view) {
  const { status, connection, why } = view;
  const reason = status && notReady(status);
  const found = [];
  const add = (key, make, shown = key) => found.push({ key, make, shown });
  if (connection === "lost") {
    add(`lost ${why}`, () => {
      const shown = status ? `What is shown is of ${clockToSecond(ms(status.now), ms(status.now))}` : "Nothing was read so far";
      return notice("bad", "warning", "Connection lost, trying again. ", `${shown} (${why}).`);
    });
  }
  if (!status) return found;
  for (const [name, one] of outages(status)) {
    add(`outage ${name} ${one.since} ${one.stale}`, () => outage(name, one, view), `outage ${name} ${JSON.stringify(one)}`);
  }
  if (status.ended) {
    add("ended", () => notice("info", "info", "The loop has ended. ", "This is how it was at its end; nothing changes any more."));
  } else if (!status.alive) {
    add("alive", () => notice("bad", "warning", "The loop is silent. ", "It has missed its deadline; the campaigns are not controlled."));
  } else if (reason) {
    add(`ready ${reason}`, () => notice("bad", "warning", "Not ready: ", `${reason}.`));
  }
  for (const { name, at } of oldOnly(view)) {
    add(`old ${name} ${at}`, () =>
      notice("bad", "warning", name ? `Old data of tenant ${name}. ` : "Old data. ", lastReading(name, view), "Nothing is resumed on it."));
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
  const key = notices.map((one) => one.shown).join("\n");
  fill(place, key, () => notices.map((one) => one.make()));
  const known = new Map(view.status ? ages(view).map(({ name, seconds }) => [name ?? "", seconds]) : []);
  for (const element of place.querySelectorAll(".age")) say(element, span(known.get(element.dataset.tenant) ?? 0));
  return notices.map((one) => one.key);
}
