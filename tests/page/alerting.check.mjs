// What the page tells to those who look elsewhere, and what it says of itself.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { notice, open, says, shots, until, within } from "./page.mjs";

/** Takes the place of what a browser without a screen has not: notices, and a look elsewhere. */
function elsewhere() {
  window.told = [];
  window.tones = 0;
  window.Notification = class {
    static permission = "default";
    static async requestPermission() {
      this.permission = "granted";
      return this.permission;
    }
    constructor(title, { body }) {
      window.told.push(`${title}: ${body}`);
    }
  };
  Object.defineProperty(document, "hidden", { get: () => window.away === true });
  const { createOscillator } = AudioContext.prototype;
  AudioContext.prototype.createOscillator = function (...rest) {
    window.tones += 1;
    return createOscillator.apply(this, rest);
  };
}

test("the tab tells the state, and a notice and a sound come only where somebody asked for them", async () => {
  await within([{ id: "spring-renewals" }, { id: "win-back" }], {}, async (centre) => {
    const { page, close } = await open(centre.url);
    await page.addInitScript(elsewhere);
    await page.reload();
    await says(page, "spring-renewals", "Running");
    await until("the title says so", async () => (await page.title()) === "All 2 running – Campaign autopilot");
    const icon = () => page.locator('link[rel="icon"]').getAttribute("href");
    const running = await icon();
    assert.match(running, /^data:image\/svg/);
    await centre.make("/campaigns/win-back/status", { status: "PAUSED" });
    await until("the title says so", async () => (await page.title()) === "1 of 2 do not dial – Campaign autopilot");
    assert.notEqual(await icon(), running);
    assert.deepEqual(await page.evaluate(() => [window.told, window.tones]), [[], 0], "nobody asked for it");
    await page.getByText("Alert me").click();
    await page.getByLabel("Browser notices").check();
    await page.getByLabel("Sound").check();
    await sound(page, "alerting");
    const tones = await page.evaluate(() => {
      window.away = true;
      return window.tones;
    });
    assert.ok(tones > 0, "the sound is tried");
    await centre.make("/campaigns/spring-renewals/status", { status: "PAUSED" });
    await until("a notice came", async () => page.evaluate(() => window.told.length > 0));
    assert.match((await page.evaluate(() => window.told))[0], /spring-renewals: paused by a person/);
    assert.ok((await page.evaluate(() => window.tones)) > tones);
    // Kept in this browser.
    await page.reload();
    await says(page, "spring-renewals", "Paused by a person");
    await page.getByText("Alert me").click();
    assert.equal(await page.getByLabel("Sound").isChecked(), true);
    await close();
  });
});

test("how fresh the page is has words and a colour for each case, and each cause has one notice", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "spring-renewals", "Running");
    const found = await page.evaluate(async () => {
      const { connectionInWords } = await import("./page/freshness.js");
      const { showNotices } = await import("./page/banners.js");
      const now = "2026-03-30T12:00:00Z";
      const ago = (seconds) => new Date(Date.parse(now) - seconds * 1000).toISOString();
      const status = { now, sample_at: ago(1), poll_interval_s: 2, alive: true, ready: true, not_ready: null, ended: false, outage: null, config: {}, tenants: [] };
      const failing = (stale) => ({ since: ago(40), polls: 3, stale, error: "500", keep_dialling: 1, paused: 0 });
      const tenant = (name, seconds, outage = null) => ({ name, sample_at: ago(seconds), poll_interval_s: 2, outage, not_ready: outage?.stale ? "data is stale, 3 polls" : null });
      const old = { ...status, sample_at: ago(40), ready: false, not_ready: "data is stale, 3 polls" };
      const north = [tenant("north", 40, failing(true)), tenant("south", 1)];
      const down = { name: "west", sample_at: null, outage: null, not_ready: "does not run: no store" };
      const told = (more, connection = "live") => {
        const view = { status: more && { ...status, ...more }, connection, why: "gone", receivedAt: performance.now() };
        const place = document.createElement("div");
        showNotices(place, view);
        return [...connectionInWords(view), [...place.querySelectorAll("strong")].map((title) => title.textContent.replace(/ since .*/, "")).join("|")];
      };
      return {
        fresh: told({}),
        begins: told({ outage: failing(false) }),
        outage: told({ ...old, outage: failing(true) }),
        never: told({ sample_at: null, outage: failing(false), ready: false, not_ready: "no valid poll yet" }),
        store: told({ ...old, outage: failing(true), not_ready: "the store cannot be written" }),
        old: told({ sample_at: ago(40) }),
        silent: told({ sample_at: ago(40), alive: false }),
        lost: told({ sample_at: ago(40) }, "lost"),
        nothing: told(null, "lost"),
        ended: told({ ended: true }),
        standby: told({ ready: false, not_ready: "stands by" }),
        tenant: told({ tenants: north, ready: false, not_ready: "tenant north: data is stale, 3 polls" }),
        tenants: told({ tenants: [...north, down], ready: false, not_ready: "tenant north: data is stale, 3 polls; tenant west: does not run: no store" }),
      };
    });
    assert.deepEqual(found, {
      fresh: ["Live", "ok", ""],
      begins: ["Data 1 s old", "warn", "Outage"],
      outage: ["Data 40 s old", "bad", "Outage"],
      never: ["No data yet", "bad", "Outage"],
      store: ["Data 40 s old", "bad", "Outage|Not ready: "],
      old: ["Data 40 s old", "bad", "Old data. "],
      silent: ["Loop silent", "bad", "The loop is silent. "],
      lost: ["Lost, trying again", "bad", "Connection lost, trying again. "],
      nothing: ["Lost, trying again", "bad", "Connection lost, trying again. "],
      ended: ["Ended", "off", "The loop has ended. "],
      standby: ["Not ready", "warn", "Not ready: "],
      tenant: ["Data of north 40 s old", "bad", "Outage of tenant north"],
      tenants: ["Data of north 40 s old", "bad", "Outage of tenant north|Not ready: "],
    });
    await close();
  });
});

test("version, uptime, documents and what may be changed are on the page", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "spring-renewals", "Running");
    await page.locator("#program", { hasText: /^Version \d+\.\d+\.\d+.*; up for .+, since .+; configuration [0-9a-f]{12}\.$/ }).waitFor();
    await page.locator("#vitals", { hasText: "Read-only" }).waitFor();
    for (const link of await page.locator("footer nav a").all()) {
      const { status, text } = await page.evaluate(async (href) => {
        const answer = await fetch(href);
        return { status: answer.status, text: await answer.text() };
      }, await link.getAttribute("href"));
      assert.equal(status, 200);
      assert.ok(text.length > 500, "it says something");
    }
    await close();
    await centre.stop();
    await centre.start({ AUTOPILOT_ALLOW_ACTIONS: "true" });
    const { page: may, close: closeMay } = await open(centre.url);
    await may.getByRole("button", { name: "Hold spring-renewals" }).waitFor();
    assert.equal(await may.locator("#vitals", { hasText: "Read-only" }).locator("div:visible", { hasText: "Read-only" }).count(), 0);
    assert.equal(await notice(may, "Old data").count(), 0);
    await closeMay();
  });
});

test("times are those of the daemon's zone, wherever the browser is, and a clock names it", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_TIME_ZONE: "Asia/Kathmandu" }, async (centre) => {
    const { page, close } = await open(centre.url, { timezoneId: "America/New_York" });
    await says(page, "spring-renewals", "Running");
    await page.locator("#vitals", { hasText: /\d\d:\d\d:\d\d, Asia\/Kathmandu/ }).waitFor();
    const { daemon } = await centre.ask("GET", "/api/v1/status");
    const there = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "Asia/Kathmandu" };
    const started = new Intl.DateTimeFormat("en", there).format(Date.parse(daemon.started_at));
    await page.locator("#program", { hasText: `since ${started}` }).waitFor();
    const days = await page.evaluate(async () => {
      const { startOfDay, showIn, weekday } = await import("./page/time.js");
      const at = Date.parse("2026-03-30T21:30:00Z");
      const of = (zone) => {
        showIn(zone);
        return [new Date(startOfDay(at, 0)).toISOString(), new Date(startOfDay(at, 7)).toISOString(), weekday(at)];
      };
      return ["Asia/Kathmandu", "Europe/Berlin", "Mars/Olympus", "Pacific/Auckland", "UTC"].map(of);
    });
    assert.deepEqual(days, [
      ["2026-03-30T18:15:00.000Z", "2026-03-23T18:15:00.000Z", "Tuesday"],
      // The clocks went forward in between.
      ["2026-03-29T22:00:00.000Z", "2026-03-22T23:00:00.000Z", "Monday"],
      // A zone that the browser does not know changes nothing.
      ["2026-03-29T22:00:00.000Z", "2026-03-22T23:00:00.000Z", "Monday"],
      ["2026-03-30T11:00:00.000Z", "2026-03-23T11:00:00.000Z", "Tuesday"],
      ["2026-03-30T00:00:00.000Z", "2026-03-23T00:00:00.000Z", "Monday"],
    ]);
    await close();
  });
});

test("the configuration in force is shown with its origin, and its secrets are not", async () => {
  await within([{ id: "spring-renewals", pause: 4 }], {}, async (centre) => {
    for (const [width, scheme] of [[1440, "light"], [390, "dark"]]) {
      const { page, close } = await open(centre.url, { width, scheme });
      await says(page, "spring-renewals", "Running");
      await page.getByRole("button", { name: "Configuration" }).click();
      const dialog = page.getByRole("dialog", { name: "Configuration in force" });
      await dialog.getByRole("row", { name: /client_secret .*set.* CXONE_CLIENT_SECRET/ }).waitFor();
      await dialog.getByRole("row", { name: /campaign\.spring-renewals\.pause_below 4 .*settings\.toml:3/ }).waitFor();
      assert.equal((await dialog.textContent()).includes("autopilot-secret"), false);
      assert.equal(await dialog.getByRole("row", { name: /^flap_limit/ }).count(), 0, "a default is not among what was set");
      await dialog.getByLabel("Only what differs").uncheck();
      await dialog.getByRole("row", { name: /^flap_limit .* default/ }).waitFor();
      await dialog.getByLabel("Find a value").fill("poll_interval");
      await dialog.getByText(/^1 of \d+ values/).waitFor();
      await sound(page, `configuration-${width}`);
      if (shots) await page.screenshot({ path: `${shots}/configuration-${width}-${scheme}.png` });
      await dialog.getByRole("button", { name: "Close" }).click();
      await until("it is gone", async () => (await page.getByRole("dialog").count()) === 0);
      await close();
    }
  });
});

test("a token that only looks is offered nothing that would be refused", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tokens-"));
  const file = join(directory, "tokens");
  const made = (name, role) =>
    execFileSync(process.env.PROGRAM, ["token", "add", name, "--role", role, "--named-tokens", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const [view, operate] = [made("anna", "view"), made("boris", "operate")];
  const more = { AUTOPILOT_NAMED_TOKENS: file, AUTOPILOT_ALLOW_ACTIONS: "true" };
  try {
    await within([{ id: "spring-renewals" }], more, async (centre) => {
      const { page, close } = await open(centre.url, { expected: ["401"] });
      for (const [token, buttons] of [[view, 0], [operate, 1]]) {
        await page.getByRole("heading", { name: "The operators' token" }).waitFor();
        await page.keyboard.type(token);
        await page.keyboard.press("Enter");
        await says(page, "spring-renewals", "Running");
        const readOnly = page.locator("#vitals div:visible", { hasText: "Read-only" });
        const hold = page.getByRole("button", { name: "Hold spring-renewals" });
        await until("the role shows", async () => (await hold.count()) === buttons && (await readOnly.count()) === 1 - buttons);
        await page.getByRole("button", { name: "Forget the token" }).click();
        await page.getByRole("heading", { name: "The operators' token" }).waitFor();
      }
      await close();
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
