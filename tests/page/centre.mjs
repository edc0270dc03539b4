// A simulated platform and a daemon, as processes of their own. Nothing here waits for a time: only for what is to be so.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What is not so by then will not be; a busy machine is no reason. */
export const PATIENCE_MS = 30_000;

/** Fourteen of twenty agents are available all day. */
const CALM = "timestamp,staffed,available\n2024-05-15T08:00:00Z,20,14\n2024-05-15T18:00:00Z,20,14\n";

/** Twenty agents of the trace around the clock: who is placed is up to the plan. */
const ROSTER = ["id,skills,start,end,zone,concurrency"]
  .concat(Array.from({ length: 20 }, (_, n) => `agent-${String(n + 1).padStart(4, "0")},sales,00:00,00:00,UTC,1`))
  .join("\n");

function line(process, text) {
  return new Promise((found, missing) => {
    const timer = setTimeout(() => missing(new Error(`no line has "${text}"`)), PATIENCE_MS);
    process.lines.on("line", (told) => {
      const at = told.indexOf(text);
      if (at < 0) return;
      clearTimeout(timer);
      found(told.slice(at + text.length).trim());
    });
  });
}

/** A directory, a platform with some campaigns, and the daemon that manages them. */
export class Centre {
  static async open(program, campaigns, queues, tables) {
    const centre = new Centre();
    centre.program = program;
    centre.campaigns = campaigns;
    centre.queues = queues;
    centre.tables = tables;
    centre.directory = mkdtempSync(join(tmpdir(), "page-"));
    writeFileSync(join(centre.directory, "calm.csv"), CALM);
    writeFileSync(join(centre.directory, "roster.csv"), ROSTER);
    const named = campaigns.filter(({ absent }) => !absent).flatMap(({ id }) => ["--campaign", id]);
    centre.platform = spawn(
      program,
      ["simulate", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--replay", join(centre.directory, "calm.csv"), ...named],
      { env: {}, stdio: ["ignore", "pipe", "inherit"] },
    );
    centre.platform.lines = createInterface({ input: centre.platform.stdout });
    const control = line(centre.platform, "control it at ");
    centre.baseUrl = await line(centre.platform, "CXONE_BASE_URL=");
    centre.control = await control;
    return centre;
  }

  /**
   * Starts the daemon; `more` is environment beside what it needs, but `tenants`, which are names of accounts on the one platform. The port
   * stays the same over a restart.
   */
  async start({ tenants = [], ...more } = {}) {
    const label = (key, value) => (value ? `${key} = ${JSON.stringify(value)}\n` : "");
    const rules = this.campaigns.map(({ id, pause = 5, resume = 8, name, team, note, calendar, alone, tenant }) =>
      `[[campaign]]\nid = "${id}"\n${label("tenant", tenant)}${alone ? 'agents = "none"\n' : `pause_below = ${pause}\nresume_at = ${resume}\n`}${label("calendar", calendar)}${label("name", name)}${label("team", team)}${label("note", note)}`);
    const previews = this.campaigns
      .filter(({ preview }) => preview)
      .map(({ id, preview }) => `[[preview]]\ncampaign = "${id}"\nskills = ["sales"]\ntarget_rate = 8\nleast = 2\nmost = ${preview}\nzones = ["UTC"]\n`);
    this.settings = join(this.directory, "settings.toml");
    const queues = this.queues.map((id) => `[[queue]]\nid = "${id}"\ninterval = "500ms"\n`);
    const secret = join(this.directory, "secret");
    writeFileSync(secret, "autopilot-secret", { mode: 0o600 });
    const accounts = tenants.map((name) =>
      `[[tenant]]\nname = "${name}"\nbase_url = "${this.baseUrl}"\nclient_id = "autopilot"\nclient_secret_file = "${secret}"\n`);
    const account = tenants.length ? {} : { CXONE_BASE_URL: this.baseUrl, CXONE_CLIENT_ID: "autopilot", CXONE_CLIENT_SECRET: "autopilot-secret" };
    writeFileSync(this.settings, accounts.concat(rules, previews, queues, this.tables).join("\n"));
    const roster = previews.length ? { AUTOPILOT_ROSTER: join(this.directory, "roster.csv") } : {};
    this.daemon = spawn(this.program, ["run"], {
      env: {
        ...account,
        AUTOPILOT_CONFIG: this.settings,
        AUTOPILOT_STATE_DIR: join(this.directory, "state"),
        AUTOPILOT_POLL_INTERVAL: "200ms",
        AUTOPILOT_REQUESTS_PER_SECOND: "unlimited",
        AUTOPILOT_STATUS_READS_PER_POLL: "20",
        AUTOPILOT_LISTEN: this.address ?? "127.0.0.1:0",
        AUTOPILOT_LOG_FORMAT: "json",
        ...roster,
        ...more,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.daemon.lines = createInterface({ input: this.daemon.stderr });
    this.told = [];
    this.daemon.lines.on("line", (told) => this.told.push(told));
    const gone = once(this.daemon, "exit").then(() => {
      throw new Error(`the daemon did not start:\n${this.told.join("\n")}`);
    });
    const started = line(this.daemon, '"listening":"').then((rest) => rest.split('"')[0]);
    this.address = await Promise.race([started, gone]);
    gone.catch(() => {});
    this.url = `http://${this.address}`;
  }

  /** Ends the daemon in order. */
  async stop() {
    if (!this.daemon || this.daemon.exitCode !== null) return;
    const gone = once(this.daemon, "exit");
    this.daemon.kill("SIGTERM");
    await gone;
  }

  async close() {
    await this.stop();
    const gone = once(this.platform, "exit");
    this.platform.kill("SIGTERM");
    await gone;
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Makes something happen on the platform. */
  async make(path, body) {
    const answer = await fetch(`${this.control}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** What was done to campaigns, as `id: FROM -> TO by WHOM`. */
  async journal() {
    const { entries } = await (await fetch(`${this.control}/journal`)).json();
    return entries;
  }

  /** Asks the daemon, as a command would: without an origin. */
  async ask(method, path, body, token) {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${this.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
