// What concerns everything at once: a lost connection, an outage, old data, a dry run, a configuration with faults.

import { el, fill, icon, say } from "./dom.js";
import { age, old, oldest } from "./freshness.js";
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

/** The outage of one tenant: since when, how many polls, the platform's own words, and what goes on dialling. */
function outage(name, { since, polls, error, ...rest }, status) {
  const at = clockToSecond(ms(since), ms(status.now));
  const whose = name ? `Outage of tenant ${name} since ` : "Outage since ";
  const missing = counted(polls, "one poll gave", "polls in a row gave");
  return notice("bad", "warning", `${whose}${at}. `, `${meanwhile({ ...rest })}, and none is resumed: ${missing} no valid reading (${error}).`);
}

/** The outages that there are, with their tenants where there are several. */
function outages(status) {
  const of = (status.tenants ?? []).filter((tenant) => tenant.outage).map((tenant) => [tenant.name, tenant.outage]);
  return of.length || !status.outage ? of : [["", status.outage]];
}

/** Every notice that there is, as a key and what makes it; `shown` where what it shows changes and is no news. */
function due(view) {
  const { status, connection, why } = view;
  const found = [];
  const add = (key, make, shown = key) => found.push({ key, make, shown });
  if (connection === "lost") {
    add(`lost ${why}`, () =>
      notice("bad", "warning", "Connection lost, trying again. ", el("span", {}, `What is shown may be out of date (${why}).`)));
  }
  if (!status) return found;
  for (const [name, one] of outages(status)) {
    add(`outage ${name} ${one.since} ${one.stale}`, () => outage(name, one, status), `outage ${name} ${JSON.stringify(one)}`);
  }
  if (status.ended) {
    add("ended", () => notice("info", "info", "The loop has ended. ", "This is how it was at its end; nothing changes any more."));
  } else if (!status.alive) {
    add("alive", () => notice("bad", "warning", "The loop is silent. ", "It has missed its deadline; the campaigns are not controlled."));
  } else if (!status.ready && !outages(status).some(([, one]) => one.stale)) {
    // An outage says more than that its data are stale.
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
  const key = notices.map((one) => one.shown).join("\n");
  fill(place, key, () => notices.map((one) => one.make()));
  const seconds = age(view);
  for (const element of place.querySelectorAll(".age")) say(element, span(seconds));
  return notices.map((one) => one.key);
}
