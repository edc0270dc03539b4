// Who did what, of all campaigns: changes by people, commands and the daemon's own, with a filter, more rows and a file.

import { get } from "./api.js";
import { save } from "./csv.js";
import { el, fill, icon, say } from "./dom.js";
import { called } from "./standing.js";
import { full } from "./tenants.js";
import { clockToSecond, local, ms } from "./time.js";

/** Rows at first, and by each "more". */
const ROWS = 50;

/** Rows that a file takes at most, read some at a time. */
const MOST_OF_A_FILE = 20_000;

/** Rows that one request gives. */
const MOST_AT_ONCE = 1_000;

/** Answers that are read at once at most. */
const MOST_PAGES = 3;

/** The list is read anew this often at most. */
const BETWEEN_READS_MS = 5_000;

/** Whose doings: the kinds of rows of the audit. */
const KINDS = [
  ["people", "People", "operator,noticed,list_noticed,pace_noticed,sealed,segment_removed"],
  ["commands", "Commands", "intent,outcome,pace_intent,pace_outcome,assign_intent,assign_outcome,queue"],
  ["daemon", "The daemon", "started,stopped,clock_stepped,alerted,noticed,aim_moved,fed,sealed,segment_removed,outbox"],
  ["", "Everything", ""],
];

const SINCE = [["24h", "24 hours"], ["7days", "7 days"], ["30days", "30 days"], ["3650days", "All"]];

const PICTURES = { operator: "person", noticed: "info", alerted: "warning", started: "play", stopped: "stop", outcome: "check" };

/** What shows that a person did something at the platform itself, whose name it does not say. */
const BY_A_PERSON = new Set(["found_paused", "person_paused", "person_resumed", "persons_pause_ended", "person_changed"]);

const AUTOPILOT = "the autopilot";

/** What feeds counters each few minutes is a program, whatever name it gives. */
const PROGRAM = "a program";

/** Who did it, of a row. */
function author({ kind, event }) {
  if (kind === "operator" && event.made.change === "outcomes_fed") return PROGRAM;
  if (event.by) return event.by;
  const notice = event.notice?.notice ?? event.notice?.list_notice;
  if (BY_A_PERSON.has(notice)) return "somebody at the platform";
  if (notice?.startsWith("unproven")) return "not known";
  return AUTOPILOT;
}

/** What was done, without who did it, which stands beside it; what a token's holder typed is an addition. */
function deed({ kind, event, says }) {
  if (!event.by) return says;
  const typed = event.typed ? ` ("${event.typed}")` : "";
  const [whole, rest] = kind === "operator" ? [`, by ${event.by}${typed}: ${event.reason}`, `: ${event.reason}`] : [`, by ${event.by}`, ""];
  return says.endsWith(whole) ? `${says.slice(0, -whole.length)}${rest}` : says;
}

export class Changes {
  constructor(place) {
    this.place = place;
    this.rows = [];
    this.more = false;
    this.version = null;
    this.readAt = -Infinity;
    this.seen = false;
    this.names = new Map();
    const field = (label, input) => {
      input.id = `changes-${label.toLowerCase().replaceAll(" ", "-")}`;
      return el("div", { class: "find" }, el("label", { for: input.id }, label), input);
    };
    const select = (options) => el("select", { change: () => this.again() }, options.map(([value, word]) => el("option", { value }, word)));
    this.kind = select(KINDS);
    this.since = select(SINCE);
    this.words = el("input", { type: "search", autocomplete: "off", placeholder: "Who, what, campaign, reason", input: () => this.list() });
    this.entries = el("ol", { class: "entries people", tabIndex: 0, "aria-label": "Changes, the newest first" });
    this.rest = el("div", { class: "rest" });
    this.fault = el("p", { class: "fault", role: "alert", hidden: true });
    this.file = el("button", { type: "button", class: "quiet", click: () => this.export() }, "Save as CSV");
    place.append(
      el("div", { class: "heading" }, el("h2", { id: "who" }, "Who did what"), field("Whose doings", this.kind), field("Reaching back", this.since), field("Find a change", this.words), this.file),
      this.fault, this.entries, this.rest);
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.seen = isIntersecting;
      if (isIntersecting && this.status) this.show(this.status);
    }, { rootMargin: "300px" }).observe(place);
  }

  /** A new status: the list is read anew where it is in sight, but not too often. */
  show(status) {
    this.status = status;
    this.names = new Map(status.campaigns.map((campaign) => [campaign.id, campaign]));
    if (!this.seen || this.reading || this.version === status.version) return;
    const wait = this.readAt + BETWEEN_READS_MS - performance.now();
    if (wait > 0) {
      this.later ??= setTimeout(() => {
        this.later = null;
        this.show(this.status);
      }, wait);
      return;
    }
    this.version = status.version;
    this.load(Math.max(ROWS, this.rows.length));
  }

  /** Asks for other rows. */
  again() {
    this.rows = [];
    this.load(ROWS);
  }

  query(limit, until) {
    const kinds = KINDS.find(([key]) => key === this.kind.value)[2];
    const query = { since: this.since.value, limit };
    if (kinds) query.kind = kinds;
    if (until) query.until = until;
    return `api/v1/history?${new URLSearchParams(query)}`;
  }

  async load(limit) {
    this.readAt = performance.now();
    this.reading = true;
    try {
      const { entries, more } = await get(this.query(Math.min(limit, MOST_AT_ONCE)));
      // What was fetched beyond one answer stays behind it.
      const oldest = entries.at(-1)?.at;
      const known = new Set(entries.map(rowKey));
      const behind = entries.length === MOST_AT_ONCE ? this.rows.filter((row) => row.at <= oldest && !known.has(rowKey(row))) : [];
      this.rows = entries.concat(behind);
      this.more = behind.length > 0 ? this.more : more;
      // Where most rows are of the other kind, some more are read at once.
      for (let n = 0; n < MOST_PAGES && this.more && !this.words.value && this.found().length < ROWS / 2; n += 1) await this.further(MOST_AT_ONCE);
      this.fault.hidden = true;
      this.list();
    } catch (wrong) {
      say(this.fault, `What was done could not be read: ${wrong.message}`);
      this.fault.hidden = false;
    } finally {
      this.reading = false;
    }
  }

  /** Rows behind those that are there; returns whether there were any. */
  async further(limit) {
    const last = this.rows.at(-1);
    if (!last) return false;
    const { entries, more } = await get(this.query(limit, last.at));
    // Rows of one moment come twice, at the end of one answer and the beginning of the next.
    const known = new Set(this.rows.slice(-limit).map(rowKey));
    const fresh = entries.filter((row) => !known.has(rowKey(row)));
    this.rows = this.rows.concat(fresh);
    this.more = more && fresh.length > 0;
    return fresh.length > 0;
  }

  name(row) {
    if (!row.campaign) return "";
    const id = full({ tenant: row.tenant, id: row.campaign });
    return called(this.names.get(id) ?? { id });
  }

  /** The rows that have the words. */
  found() {
    const words = this.words.value.trim().toLowerCase();
    const text = (row) => [row.says, author(row), this.name(row), row.decision].join(" ").toLowerCase();
    const { value: kind } = this.kind;
    const asked = (row) => !kind || kind === "commands" || [AUTOPILOT, PROGRAM].includes(author(row)) === (kind === "daemon");
    return this.rows.filter((row) => asked(row) && (!words || text(row).includes(words)));
  }

  list() {
    const now = ms(this.status.now);
    const found = this.found();
    const key = `${found.length} ${this.words.value} ${this.kind.value} ${this.since.value} ${found[0] && rowKey(found[0])} ${found.at(-1) && rowKey(found.at(-1))}`;
    fill(this.entries, key, () =>
      found.length
        ? found.map((row) =>
            el("li", {},
              el("time", { dateTime: row.at }, clockToSecond(ms(row.at), now)),
              icon(PICTURES[row.kind] ?? "skip"),
              el("strong", { class: "author" }, author(row), row.event.typed && el("span", { class: "of" }, ` (${row.event.typed})`)),
              el("span", { class: "subject" }, this.name(row)),
              el("span", { class: "says" }, local(deed(row), now)),
              el("code", { title: "The decision: the same in log and audit" }, row.decision)))
        : [el("li", { class: "none" }, this.words.value ? "No row has these words." : "Nothing in this time.")]);
    fill(this.rest, `${found.length} ${this.rows.length} ${this.more}`, () => {
      if (!this.more) return [];
      const more = async ({ currentTarget: button }) => {
        button.disabled = true;
        try {
          await this.further(Math.min(MOST_AT_ONCE, Math.max(ROWS, this.rows.length)));
          this.list();
        } catch (wrong) {
          say(this.fault, `Older rows could not be read: ${wrong.message}`);
          this.fault.hidden = false;
          button.disabled = false;
        }
      };
      return [el("p", {}, `${this.rows.length} rows were read, and there are more.`), el("button", { type: "button", class: "quiet", click: more }, "Show more rows")];
    });
  }

  /** Saves every row of the choice that has the words, not only those that were read so far. */
  async export() {
    this.file.disabled = true;
    try {
      while (this.more && this.rows.length < MOST_OF_A_FILE && (await this.further(MOST_AT_ONCE)));
      this.list();
      const rows = this.found().map((row) => [row.at, row.tenant ?? "", row.campaign ?? "", author(row), deed(row), row.event.reason && typeof row.event.reason === "string" ? row.event.reason : "", row.kind, row.decision]);
      save("who-did-what.csv", ["at", "tenant", "campaign", "by", "what", "reason", "kind", "decision"], rows);
    } catch (wrong) {
      say(this.fault, `The rows could not be read: ${wrong.message}`);
      this.fault.hidden = false;
    } finally {
      this.file.disabled = false;
    }
  }
}

function rowKey({ tenant, seq }) {
  return `${tenant ?? ""} ${seq}`;
}
