// The page: follows the daemon and shows what it tells. Everything shown comes from one status, so that no two parts of the
// page can disagree.

import { addressOf, openedCampaign, readAddress } from "./address.js";
import { Alerting, showState } from "./alerting.js";
import { follow, get, token } from "./api.js";
import { showNotices } from "./banners.js";
import { Campaigns } from "./campaigns.js";
import { Changes } from "./changes.js";
import { showConfiguration } from "./configuration.js";
import { hold, login, release, thresholds } from "./dialogs.js";
import { el, icon, mark, say } from "./dom.js";
import { age, connectionInWords, late, old, staleness } from "./freshness.js";
import { showAssignments, showQueues } from "./lists.js";
import { withOpened } from "./opened.js";
import { offer } from "./several.js";
import { showSimulation } from "./simulation.js";
import { changeInWords, standing } from "./standing.js";
import { written } from "./tenants.js";
import { clockToSecond, ms, showIn, span, zone } from "./time.js";
import { Today } from "./today.js";
import { Wallboard } from "./wallboard.js";

/** A demonstration tells thirty statuses a second; nobody reads faster than this. */
const BETWEEN_DRAWS_MS = 200;

/** More changes at once than this are announced as a number. */
const MOST_TOLD = 3;

const place = (id) => document.getElementById(id);
const said = place("said");
const notices = place("notices");

const view = { status: null, detail: null, receivedAt: 0, connection: "connecting", why: "", stale: () => false, today: null, role: null };
const states = new Map();
let latest = null;
let shownNotices = [];
let drawing = null;
let drawnAt = 0;
let revealed = false;

const looked = readAddress();
const alerting = new Alerting({ notices: place("notify"), sound: place("sound") });
const today = new Today(place("today"), () => soon());
view.today = today;
const changes = new Changes(place("changes"));
const wallboard = looked.wallboard ? new Wallboard(place("wall")) : null;

const campaigns = new Campaigns(
  {
    rows: place("rows"), opened: place("opened"), table: place("table"), rest: place("rest"), tally: place("tally"), share: place("share"),
    filter: place("filter"), tenant: place("tenant"), team: place("team"), by: place("by"), view: place("kind"),
  },
  {
    act: (kind, campaign) => ({ hold, release, thresholds })[kind](campaign, view.status, announce),
    looked: () => ways(),
    opened: () => soon(),
  },
);

const vitals = vital();

/** Says something to those who do not see it, without interrupting. */
function announce(text) {
  said.replaceChildren(el("p", {}, text));
}

function vital() {
  const dot = el("span", { class: "badge" });
  const pair = (term, value, more) => el("div", {}, el("dt", {}, term), el("dd", { class: "value" }, more, value));
  const parts = { dot };
  for (const name of ["connection", "read", "decision", "access", "clock"]) parts[name] = el("span", {});
  parts.reading = pair("Access", parts.access);
  place("vitals").append(
    pair("Connection", parts.connection, dot),
    pair("Last reading", parts.read),
    pair("Decision", parts.decision),
    pair("Time", parts.clock),
    parts.reading);
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
  today.stir();
  const words = changed.length > MOST_TOLD ? `${changed.length} campaigns changed.` : changed.map(changeInWords).join(" ");
  announce(words);
  const wanting = changed.filter((campaign) => standing(campaign).key !== "running");
  if (wanting.length) alerting.tell(wanting.length > MOST_TOLD ? `${wanting.length} campaigns do not dial.` : wanting.map(changeInWords).join(" "));
}

async function draw() {
  drawnAt = performance.now();
  // One document says how the campaign that is open was decided: its head is drawn from the same.
  const taken = latest;
  const open = campaigns.open;
  if (taken) Object.assign(view, await withOpened(taken, open));
  drawing = null;
  if (latest !== taken || campaigns.open !== open) soon();
  const { status } = view;
  view.stale = staleness(view);
  view.late = late(view);
  place("loading").hidden = Boolean(status) || view.connection === "token";
  place("shown").hidden = !status || view.connection === "token" || wallboard !== null;
  if (status) {
    showSimulation(place("simulation"), status);
    tellChanges(status);
    if (wallboard) {
      wallboard.show(view, looked);
    } else {
      campaigns.show(view);
      offer(place("several"), status, () => campaigns.narrowed(), announce);
      showAssignments(place("assignment-section"), place("assignment-rows"), status);
      showQueues(place("queue-section"), place("queue-rows"), status);
      changes.show(status);
      if (!revealed) campaigns.reveal(openedCampaign());
    }
    revealed = true;
    foot(status);
  }
  tick();
}

/** What the program is, since when it runs, and by which settings. */
function foot(status) {
  const now = ms(status.now);
  const { version, revision, started_at: started } = status.daemon;
  const parts = [
    `Version ${version}${revision === "unknown" ? "" : ` (${revision})`}`,
    `up for ${span((now - ms(started)) / 1000)}, since ${clockToSecond(ms(started), now)}`,
  ];
  const reload = status.config.last_reload;
  const hash = `configuration ${status.config.hash.slice(0, 12)}`;
  parts.push(reload?.ok ? `${hash}, read anew at ${clockToSecond(ms(reload.at), now)} by ${reload.by}` : hash);
  say(place("program"), `${parts.join("; ")}.`);
}

/** What changes with time alone. */
function tick() {
  const { status, connection } = view;
  const shown = connection === "token" ? [] : showNotices(notices, view);
  const news = shown.filter((key) => !shownNotices.includes(key));
  if (news.length) {
    const words = [...notices.querySelectorAll("strong")].map((strong) => strong.textContent).join(" ");
    announce(words);
    if (notices.querySelector(".bad")) alerting.tell(words);
  }
  // Data grow old without anybody saying so: the cards then lose their colours.
  if (status && late(view) !== view.late) soon();
  shownNotices = shown;
  if (status) today.read(status);
  const [words, tone] = connectionInWords(view);
  say(vitals.connection, words);
  mark(vitals.dot, "class", `badge dot ${tone}`);
  if (!vitals.dot.firstChild) vitals.dot.append(icon("info"));
  const seconds = age(view);
  say(vitals.read, seconds === null ? "none yet" : `${span(seconds)} ago`);
  mark(vitals.read, "class", status && old(view) ? "old" : null);
  // The daemon's own, carried on.
  const now = status && ms(status.now) + (status.ended ? 0 : performance.now() - view.receivedAt);
  say(vitals.clock, status ? `${clockToSecond(now, now)}, ${zone()}` : "");
  say(vitals.decision, status?.decision ?? (status?.tenants?.length ? "of each tenant" : "none yet"));
  vitals.reading.hidden = !status || status.actions;
  say(vitals.access, "Read-only");
  mark(vitals.access, "title", view.role === "view"
    ? "Your token has the role view: it looks, and changes nothing"
    : "Holds and thresholds are changed by commands; a page may do so where the daemon runs with --allow-actions");
  showState(view);
  wallboard?.tick(view);
}

/** The wallboard is one click away, and looks at the same campaigns. */
function ways() {
  mark(place("view"), "href", addressOf({ ...campaigns.looked, wallboard: true }));
}

function soon() {
  drawing ??= setTimeout(draw, Math.max(0, drawnAt + BETWEEN_DRAWS_MS - performance.now()));
}

/** What the daemon takes from whoever looks: a token whose role only looks is offered nothing that would be refused. */
function allowed(status) {
  return view.role === "view" ? { ...status, actions: false } : status;
}

/** Asks what the token may do, anew with each connection: its role may be another one by then. */
async function ask() {
  try {
    ({ role: view.role } = await get("api/v1/me"));
  } catch {
    // Who may not is told when they ask for a change.
    view.role = null;
  }
  if (latest) latest = { ...latest, status: allowed(latest.status) };
  soon();
}

function run() {
  place("login").hidden = true;
  place("login").replaceChildren();
  place("forget").hidden = token.get() === null;
  view.connection = "connecting";
  let lost = false;
  follow({
    onStatus: (status) => {
      showIn(status.time_zone);
      latest = { status: allowed(written(status)), receivedAt: performance.now() };
      soon();
    },
    onConnection: (connection, why = "") => {
      if (view.connection === connection && view.why === why) return;
      if (connection === "live" && lost) {
        campaigns.forget();
        wallboard?.forget();
        announce("Connected again.");
      }
      lost = connection === "lost" || (lost && connection !== "live");
      if (connection === "live") ask();
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

place("configuration").addEventListener("click", showConfiguration);

place("forget").addEventListener("click", () => {
  token.forget();
  location.reload();
});

if (wallboard) document.documentElement.classList.add("wallboard");
ways();

setInterval(tick, 1000);
run();
