// The page: follows the daemon and shows what it tells. Everything shown comes from one status, so that no two parts of the
// page can disagree.

import { follow, token } from "./api.js";
import { age, old, showNotices } from "./banners.js";
import { Campaigns } from "./campaigns.js";
import { hold, login, release, thresholds } from "./dialogs.js";
import { el, icon, mark, say } from "./dom.js";
import { showAssignments, showQueues } from "./lists.js";
import { offer } from "./several.js";
import { changeInWords, standing } from "./standing.js";
import { written } from "./tenants.js";
import { clockToSecond, ms, span } from "./time.js";

/** A demonstration tells thirty statuses a second; nobody reads faster than this. */
const BETWEEN_DRAWS_MS = 200;

/** More changes at once than this are announced as a number. */
const MOST_TOLD = 3;

const place = (id) => document.getElementById(id);
const said = place("said");
const notices = place("notices");

const view = { status: null, receivedAt: 0, connection: "connecting", why: "" };
const states = new Map();
let shownNotices = [];
let drawing = null;
let drawnAt = 0;
let revealed = false;

const campaigns = new Campaigns(
  { rows: place("rows"), rest: place("rest"), tally: place("tally"), filter: place("filter"), tenant: place("tenant") },
  { act: (kind, campaign) => ({ hold, release, thresholds })[kind](campaign, view.status, announce) },
);

const vitals = vital();

/** Says something to those who do not see it, without interrupting. */
function announce(text) {
  said.replaceChildren(el("p", {}, text));
}

function vital() {
  const dot = el("span", { class: "badge" });
  const connection = el("dd", {});
  const read = el("dd", {});
  const decision = el("dd", {});
  const pair = (term, value, more) => el("div", {}, el("dt", {}, term), el("dd", { class: "value" }, more, value));
  const text = (element) => {
    const inner = el("span", {});
    element.append(inner);
    return inner;
  };
  const parts = { dot, connection: text(connection), read: text(read), decision: text(decision) };
  place("vitals").append(
    pair("Connection", parts.connection, dot),
    pair("Last reading", parts.read),
    pair("Decision", parts.decision));
  return parts;
}

/** What changed since the last status, for those who listen. */
function tellChanges(status) {
  const changed = [];
  for (const campaign of status.campaigns) {
    const { key, failing } = standing(campaign);
    const state = `${key} ${failing} ${campaign.hold?.kind ?? ""}`;
    const before = states.get(campaign.id);
    if (before !== undefined && before !== state) changed.push(campaign);
    states.set(campaign.id, state);
  }
  if (changed.length === 0) return;
  announce(changed.length > MOST_TOLD ? `${changed.length} campaigns changed.` : changed.map(changeInWords).join(" "));
}

function draw() {
  drawing = null;
  drawnAt = performance.now();
  const { status } = view;
  place("shown").hidden = !status || view.connection === "token";
  if (status) {
    tellChanges(status);
    campaigns.show(view);
    offer(place("several"), status, announce);
    showAssignments(place("assignment-section"), place("assignment-rows"), status);
    showQueues(place("queue-section"), place("queue-rows"), status);
    if (!revealed) campaigns.reveal(wanted());
    revealed = true;
    const from = `Configuration ${status.config.hash.slice(0, 12)}`;
    const reload = status.config.last_reload;
    say(place("bottom"), reload?.ok ? `${from}, read anew at ${clockToSecond(ms(reload.at), ms(status.now))} by ${reload.by}` : from);
  }
  tick();
}

/** What changes with time alone. */
function tick() {
  const { status, connection } = view;
  const shown = connection === "token" ? [] : showNotices(notices, view);
  const news = shown.filter((key) => !shownNotices.includes(key));
  if (news.length) announce([...notices.querySelectorAll("strong")].map((strong) => strong.textContent).join(" "));
  shownNotices = shown;
  const words = { live: "Live", lost: "Lost, trying again", connecting: "Connecting", token: "Waiting for the token" };
  say(vitals.connection, words[connection]);
  mark(vitals.dot, "class", `badge dot ${connection === "live" ? "ok" : "bad"}`);
  if (!vitals.dot.firstChild) vitals.dot.append(icon("info"));
  const seconds = age(view);
  say(vitals.read, seconds === null ? "none yet" : `${span(seconds)} ago`);
  mark(vitals.read, "class", status && old(view) ? "old" : null);
  say(vitals.decision, status?.decision ?? (status?.tenants?.length ? "of each tenant" : "none yet"));
}

/** The campaign that the address names. */
function wanted() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function soon() {
  drawing ??= setTimeout(draw, Math.max(0, drawnAt + BETWEEN_DRAWS_MS - performance.now()));
}

function run() {
  place("login").hidden = true;
  place("login").replaceChildren();
  place("forget").hidden = token.get() === null;
  view.connection = "connecting";
  let lost = false;
  follow({
    onStatus: (status) => {
      view.status = written(status);
      view.receivedAt = performance.now();
      soon();
    },
    onConnection: (connection, why = "") => {
      if (view.connection === connection && view.why === why) return;
      if (connection === "live" && lost) {
        campaigns.forget();
        announce("Connected again.");
      }
      lost = connection === "lost" || (lost && connection !== "live");
      view.connection = connection;
      view.why = why;
      if (connection === "token") {
        const wrong = token.get() !== null;
        token.forget();
        place("forget").hidden = true;
        login(place("login"), wrong ? "This token is wrong." : null, (entered) => {
          token.set(entered);
          run();
        });
      }
      soon();
    },
  });
}

place("forget").addEventListener("click", () => {
  token.forget();
  location.reload();
});

if (new URLSearchParams(location.search).has("wallboard")) {
  document.documentElement.classList.add("wallboard");
  mark(place("view"), "href", "./");
  say(place("view"), "All details");
}

setInterval(tick, 1000);
run();
