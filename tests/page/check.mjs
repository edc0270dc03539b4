// What people see and do on the page, in a real browser, against the real daemon.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { card, notice, open, says, shots, until, within } from "./page.mjs";

const TOKEN = "0123456789abcdef-operators";

const CAMPAIGNS = [
  { id: "spring-renewals" },
  { id: "new-customers", pause: 20, resume: 25 },
  { id: "win-back" },
  { id: "surveys", pause: 3, resume: 4, name: "Surveys after a repair", team: "Retention", note: "weekdays only, the team's lead decides about overtime" },
  { id: "reminders", preview: 6 },
  { id: "not-on-the-platform", absent: true },
];

test("it shows every campaign as it is, and changes without being loaded anew", async () => {
  await within(CAMPAIGNS, {}, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "spring-renewals", "Running");
    await says(page, "spring-renewals", "14");
    await says(page, "spring-renewals", "pause below 5, resume at 8");
    await says(page, "new-customers", "Paused by the autopilot");
    await says(page, "not-on-the-platform", "Not known");
    const order = await page.locator(".cards > [data-campaign]").evaluateAll((all) => all.map((one) => one.dataset.campaign));
    assert.deepEqual(order.slice(0, 2), ["not-on-the-platform", "new-customers"], "what wants attention comes first");
    await page.evaluate(() => (window.loadedOnce = true));
    await centre.make("/campaigns/win-back/status", { status: "PAUSED" });
    await says(page, "win-back", "Paused by a person");
    await page.locator("#said", { hasText: "win-back: paused by a person" }).waitFor({ state: "attached" });
    await centre.make("/agents/break", { count: 12, for: "1h" });
    await says(page, "spring-renewals", "Paused by the autopilot");
    assert.equal(await page.evaluate(() => window.loadedOnce), true, "the page was loaded once");
    assert.equal(await page.getByRole("button", { name: "Hold" }).count(), 0, "no action is offered");
    await page.locator("#assignment-rows .card", { hasText: "reminders" }).waitFor();
    const queue = page.locator("#queue-rows .card", { hasText: "queue-1" });
    await queue.filter({ hasText: "within" }).waitFor();
    const [{ why }] = (await centre.ask("GET", "/api/v1/status")).queues;
    assert.ok(why.length > 10, "the daemon says why it stands so");
    await page.getByLabel("Find a campaign").fill("win");
    await until("one row is left", async () => (await page.locator("#rows > li").count()) === 1);
    await page.getByLabel("Find a campaign").fill("");
    await page.getByRole("button", { name: "Paused by a person" }).click();
    await until("one row is left", async () => (await page.locator("#rows > li").count()) === 1);
    await close();
  }, ["queue-1"]);
});

test("a campaign is shown and found by what people call it, with its id beside", async () => {
  const named = { id: "cmp-884291", name: "Spring renewals", team: "Sales", note: "until the end of May" };
  await within([named, { id: "surveys" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, named.id, "Running");
    await page.getByRole("button", { name: "Spring renewals cmp-884291", exact: true }).waitFor();
    await says(page, named.id, "Team Sales: until the end of May");
    assert.equal(await card(page, "surveys").locator(".whose").textContent(), "", "nothing is known of it");
    await page.getByRole("button", { name: "surveys", exact: true }).waitFor();
    for (const words of ["renewals", "SALES", "end of may", "884291"]) {
      await page.getByLabel("Find a campaign").fill(words);
      await until("one row is left", async () => (await page.locator("#rows > li").count()) === 1);
      await says(page, named.id, "Running");
    }
    await page.getByRole("button", { name: "Hold cmp-884291" }).click();
    await page.getByRole("dialog", { name: "Hold Spring renewals (cmp-884291)" }).waitFor();
    await page.keyboard.press("Escape");
    await centre.make(`/campaigns/${named.id}/status`, { status: "PAUSED" });
    await page.locator("#said", { hasText: "Spring renewals (cmp-884291): paused by a person" }).waitFor({ state: "attached" });
    await sound(page, "named campaigns");
    await close();
  });
});

test("an opened campaign shows its past, how it was decided, and what happened", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const { page, close } = await open(centre.url, { expected: ["Failed to load resource"] });
    await says(page, "spring-renewals", "Running");
    await centre.make("/agents/break", { count: 12, for: "1h" });
    await says(page, "spring-renewals", "Paused by the autopilot");
    await page.getByRole("button", { name: "spring-renewals", exact: true }).click();
    await page.locator(".plot:not(.share) canvas").waitFor();
    await page.locator(".summary", { hasText: "paused once by the autopilot" }).waitFor();
    await page.locator(".entries", { hasText: "pause confirmed" }).waitFor();
    await page.locator(".stages", { hasText: "below the pause threshold" }).waitFor();
    const decision = await page.locator(".entries li", { hasText: "pause confirmed" }).locator("code").textContent();
    assert.match(decision, /^1-\d+$/);
    const plot = await page.locator(".plot:not(.share)").boundingBox();
    // A quarter of an hour is shown, and only its last seconds are known: the rest is a gap and no line.
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 100);
    await page.locator(".readout", { hasText: "no valid reading" }).waitFor();
    assert.match(page.url(), /#spring-renewals$/);
    // The day is in the store: another run of the daemon shows it, with the time between left open.
    await centre.stop();
    await notice(page, "Connection lost, trying again").waitFor();
    await centre.start();
    await notice(page, "Connection lost, trying again").waitFor({ state: "detached" });
    await page.locator(".panel .entries li", { hasText: "ended in order" }).waitFor();
    await page.locator(".panel .entries li", { hasText: "started, version" }).first().waitFor();
    await page.locator(".keys", { hasText: "daemon started or stopped" }).waitFor();
    await until("the new run is in the plot", async () => {
      const series = await centre.ask("GET", "/api/v1/campaigns/spring-renewals/series");
      const { available, times_ms: times } = series.steps;
      const gap = available.indexOf(null, 1);
      return gap > 0 && times.length > gap + 1 && series.transitions.length === 1;
    });
    await close();
  });
});

test("a campaign is held and released by mouse, and by keyboard alone", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "spring-renewals", "Running");
    await page.getByRole("button", { name: "Hold spring-renewals" }).click();
    const dialog = page.getByRole("dialog", { name: "Hold spring-renewals" });
    await dialog.waitFor();
    await sound(page, "the dialog");
    await page.screenshot({ path: `${shots}/hold-1440-light.png` });
    await dialog.getByText("however many agents are free").waitFor();
    await dialog.getByRole("button", { name: "Hold it paused" }).click();
    await dialog.getByText("Say why, in a few words.").waitFor();
    await dialog.getByLabel("Why").fill("wrong list");
    await dialog.getByLabel("Your name").fill("anna");
    await dialog.getByRole("button", { name: "Hold it paused" }).click();
    await dialog.waitFor({ state: "detached" });
    await says(page, "spring-renewals", "Held paused by an operator");
    await says(page, "spring-renewals", "kept paused until");
    await says(page, "spring-renewals", "by anna: wrong list");

    // From here on without a mouse.
    const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);
    await page.locator("body").evaluate(() => document.activeElement.blur());
    await until("the button has the focus", async () => {
      if ((await focused()) === "Release spring-renewals") return true;
      await page.keyboard.press("Tab");
      return false;
    });
    await page.keyboard.press("Enter");
    const release = page.getByRole("dialog", { name: "Release spring-renewals" });
    await release.waitFor();
    await page.keyboard.press("Escape");
    await release.waitFor({ state: "detached" });
    assert.equal(await focused(), "Release spring-renewals", "the focus comes back");
    await page.keyboard.press("Enter");
    await release.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.closest("dialog") !== null), true);
    await page.keyboard.type("list fixed");
    await until("the button has the focus", async () => {
      if ((await focused()) === "Release it") return true;
      await page.keyboard.press("Tab");
      return false;
    });
    await page.keyboard.press("Enter");
    await release.waitFor({ state: "detached" });
    await says(page, "spring-renewals", "Running");
    const { entries } = await centre.ask("GET", "/api/v1/history");
    const told = entries.filter(({ kind }) => kind === "operator").map(({ event }) => `${event.made.change} by ${event.by}: ${event.reason}`);
    assert.deepEqual(told, ["released by anna: list fixed", "held by anna: wrong list"]);
    await close();
  });
});

test("several are held with their number and a confirmation, and let go of again", async () => {
  const campaigns = [{ id: "north-1", team: "North" }, { id: "north-2", team: "North" }, { id: "south-1", team: "South" }];
  await within(campaigns, { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url);
    for (const { id } of campaigns) await says(page, id, "Running");
    await page.getByRole("button", { name: "Hold several" }).click();
    const dialog = page.getByRole("dialog", { name: "Hold several campaigns" });
    await dialog.getByText(/^All 3 campaigns: those that dial are paused at once \(3 of 3 run\), and none is resumed until /).waitFor();
    await sound(page, "the dialog of several");
    await page.screenshot({ path: `${shots}/hold-several-1440-light.png` });
    await dialog.getByLabel("Which campaigns").selectOption({ label: "team North (2 campaigns)" });
    await dialog.getByLabel("Why").fill("wrong list");
    await dialog.getByLabel("Your name").fill("anna");
    await dialog.getByRole("button", { name: "Hold 2 campaigns paused" }).click();
    await dialog.getByText("Say that 2 campaigns are meant.").waitFor();
    await dialog.getByLabel("Yes, all 2 are meant").check();
    await dialog.getByRole("button", { name: "Hold 2 campaigns paused" }).click();
    await dialog.waitFor({ state: "detached" });
    for (const id of ["north-1", "north-2"]) await says(page, id, "kept paused until");
    await says(page, "south-1", "Running");

    await page.getByRole("button", { name: "Hold several" }).click();
    await dialog.getByLabel("What the autopilot is to do").selectOption({ label: "End their holds" });
    await dialog.getByLabel("Why").fill("list fixed");
    await dialog.getByLabel("Yes, all 3 are meant").check();
    await dialog.getByRole("button", { name: "Release 3 campaigns" }).click();
    await dialog.waitFor({ state: "detached" });
    for (const { id } of campaigns) await says(page, id, "Running");
    const { entries } = await centre.ask("GET", "/api/v1/history");
    const told = entries.filter(({ kind }) => kind === "operator").map(({ campaign, event }) => `${event.made.change} ${campaign} by ${event.by}`).sort();
    assert.deepEqual(told, ["held north-1 by anna", "held north-2 by anna", "released north-1 by anna", "released north-2 by anna"]);

    // What the page is narrowed to is meant at first: a whole team by its name, what was found by its ids.
    await page.getByLabel("Team").selectOption("North");
    await page.getByText("2 of 3 campaigns", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Hold several" }).click();
    await dialog.getByText("Team North (2 campaigns): those that dial are paused at once (2 of 2 run)").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Team").selectOption("");
    await page.getByLabel("Find a campaign").fill("-1");
    await page.getByText("2 of 3 campaigns", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Hold several" }).click();
    await dialog.getByText("The 2 campaigns shown: those that dial are paused at once (2 of 2 run)").waitFor();
    await page.screenshot({ path: `${shots}/hold-shown-1440-light.png` });
    await dialog.getByLabel("Why").fill("wrong list");
    await dialog.getByLabel("Yes, all 2 are meant").check();
    await dialog.getByRole("button", { name: "Hold 2 campaigns paused" }).click();
    await dialog.waitFor({ state: "detached" });
    for (const id of ["north-1", "south-1"]) await says(page, id, "kept paused until");
    await page.getByRole("button", { name: "Hold several" }).click();
    await dialog.getByLabel("What the autopilot is to do").selectOption({ label: "End their holds" });
    await dialog.getByText("The 2 campaigns shown: their holds end").waitFor();
    await dialog.getByLabel("Why").fill("list fixed");
    await dialog.getByLabel("Yes, all 2 are meant").check();
    await dialog.getByRole("button", { name: "Release 2 campaigns" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByLabel("Find a campaign").fill("");
    for (const { id } of campaigns) await says(page, id, "Running");
    await close();
  });
});

test("thresholds are overridden, refused with the daemon's words, and given back", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url, { expected: ["400 (Bad Request)"] });
    await says(page, "spring-renewals", "Running");
    await page.getByRole("button", { name: "Set thresholds for spring-renewals" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Pause below").fill("20");
    await dialog.getByLabel("Why").fill("trial");
    await dialog.getByLabel("Your name").fill("ben");
    await dialog.getByRole("button", { name: "Set these thresholds" }).click();
    await dialog.getByText("resume-at 8 lies below pause-below 20").waitFor();
    await sound(page, "a refused change");
    await dialog.getByLabel("Resume at").fill("30");
    await dialog.getByText("is paused below 20 and resumed at 30").waitFor();
    await dialog.getByRole("button", { name: "Set these thresholds" }).click();
    await dialog.waitFor({ state: "detached" });
    await says(page, "spring-renewals", "Paused by the autopilot");
    await says(page, "spring-renewals", "Thresholds 20 and 30 instead of 5 and 8 as configured");
    await page.getByRole("button", { name: "Set thresholds for spring-renewals" }).click();
    await dialog.getByText("Back to 5 and 8 as configured").click();
    await dialog.getByLabel("Why").fill("done");
    await dialog.getByRole("button", { name: "Go back to the configured thresholds" }).click();
    await dialog.waitFor({ state: "detached" });
    await says(page, "spring-renewals", "Running");
    await close();
  });
});

test("without --allow-actions a page changes nothing, and a command still may", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const { page, close } = await open(centre.url, { expected: ["403 (Forbidden)"] });
    await says(page, "spring-renewals", "Running");
    const refused = await page.evaluate(async () => {
      const body = JSON.stringify({ kind: "paused", for: "1h", reason: "x" });
      const answer = await fetch("api/v1/campaigns/spring-renewals/hold", { method: "PUT", headers: { "Content-Type": "application/json" }, body });
      return [answer.status, (await answer.json()).error];
    });
    assert.deepEqual(refused, [403, "actions"]);
    await centre.ask("PUT", "/api/v1/campaigns/spring-renewals/hold", { kind: "paused", for: "1h", reason: "x", author: "anna" });
    await says(page, "spring-renewals", "Held: kept paused");
    await close();
  });
});

test("old data, a lost daemon and a configuration with faults are told, and it comes back by itself", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_DRY_RUN: "true" }, async (centre) => {
    const { page, close } = await open(centre.url, { expected: ["Failed to load resource"] });
    await says(page, "spring-renewals", "Running");
    await notice(page, "Dry run.").waitFor();
    await centre.make("/faults", { spec: "500:agents" });
    await says(page, "spring-renewals", "no valid reading");
    const outage = notice(page, "Outage since");
    const chip = page.locator("#vitals dd").first();
    await chip.filter({ hasText: /^Data \d+ s old$/ }).waitFor();
    await until("the chip is red", async () => /\bbad\b/.test(await chip.locator(".dot").getAttribute("class")));
    await outage.filter({ hasText: /The last valid reading is of \d\d:\d\d:\d\d, \d+ s old\./ }).waitFor();
    await outage.filter({ hasText: "One running campaign keeps dialling, and none is resumed" }).waitFor();
    await outage.filter({ hasText: "500" }).waitFor();
    assert.match(await page.locator("#notices .notice").first().textContent(), /^Outage since/, "the outage comes first");
    const titles = await page.locator("#notices .notice strong").allTextContents();
    assert.deepEqual(titles.map((title) => title.split(" ")[0]), ["Outage", "Dry"], "it is not said twice");
    assert.equal(await page.locator("#tally .chip.ok").evaluateAll((chips) => chips.filter((chip) => !chip.closest(".stale")).length), 0, "no number is green");
    await page.screenshot({ path: `${shots}/outage-1440-light.png` });
    await until("nothing is green any more", async () => /\bstale\b/.test(await card(page, "spring-renewals").getAttribute("class")));
    await until("the tab says so", async () => (await page.title()).startsWith("Old data"));
    await fetch(`${centre.control}/faults`, { method: "DELETE" });
    await outage.waitFor({ state: "detached" });
    await chip.filter({ hasText: /^Live$/ }).waitFor();
    assert.match(await chip.locator(".dot").getAttribute("class"), /\bok\b/);
    writeFileSync(centre.settings, 'pause_below = "many"\n');
    await fetch(`${centre.url}/-/reload?reason=trial&author=anna`, { method: "POST" });
    await notice(page, "The configuration was not reloaded.").waitFor();
    await page.locator(".notice.warn li").first().waitFor();
    await sound(page, "notices");
    await until("the card is green again", async () => /\bok\b/.test(await card(page, "spring-renewals").getAttribute("class")));
    await centre.stop();
    await notice(page, "Connection lost, trying again").waitFor();
    await chip.filter({ hasText: /^Lost, trying again$/ }).waitFor();
    assert.equal(await notice(page, "Old data").count(), 0, "a lost connection is one thing");
    await says(page, "spring-renewals", "last known, since");
    assert.match(await card(page, "spring-renewals").getAttribute("class"), /\bstale\b/);
    await until("the tab says so", async () => (await page.title()).startsWith("Connection lost"));
    await page.screenshot({ path: `${shots}/lost-1440-light.png`, fullPage: true });
    await centre.start();
    await notice(page, "Connection lost, trying again").waitFor({ state: "detached" });
    await page.locator("#vitals", { hasText: "Live" }).waitFor();
    await says(page, "spring-renewals", "Running");
    await close();
  });
});

test("where a token is asked for, the page asks for it and keeps it in its tab", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_ADMIN_TOKEN: TOKEN, AUTOPILOT_ALLOW_ACTIONS: "1" }, async (centre) => {
    const { page, close } = await open(centre.url, { expected: ["401 (Unauthorized)"] });
    await page.getByRole("heading", { name: "The operators' token" }).waitFor();
    await sound(page, "the login");
    await page.screenshot({ path: `${shots}/login-1440-light.png` });
    assert.equal(await page.evaluate(() => document.activeElement.type), "password");
    await page.keyboard.type("not-the-token-of-anybody");
    await page.keyboard.press("Enter");
    await page.getByText("This token is wrong.").waitFor();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press("Enter");
    await says(page, "spring-renewals", "Running");
    await page.getByRole("button", { name: "Hold spring-renewals" }).click();
    await page.getByRole("dialog").getByLabel("Why").fill("trial");
    await page.getByRole("dialog").getByLabel("Your name").fill("anna");
    await page.getByRole("dialog").getByRole("button", { name: "Hold it paused" }).click();
    await says(page, "spring-renewals", "Held: kept paused");
    await page.reload();
    await says(page, "spring-renewals", "Held: kept paused");
    await page.getByRole("button", { name: "Forget the token" }).click();
    await page.getByRole("heading", { name: "The operators' token" }).waitFor();
    await close();
  });
});

test("it can be read on a phone, at a desk and on a wall, by day and by night", async () => {
  await within(CAMPAIGNS, { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    await centre.make("/campaigns/win-back/status", { status: "PAUSED" });
    await centre.ask("PUT", "/api/v1/campaigns/surveys/hold", { kind: "running", for: "2h", reason: "the survey ends tonight", author: "anna" });
    await centre.ask("PUT", "/api/v1/campaigns/spring-renewals/thresholds", { pause_below: "3", resume_at: "6", for: "1h", reason: "two teams in training", author: "ben" });
    for (const [name, width, height] of [["phone", 390, 844], ["desk", 1440, 900]]) {
      for (const scheme of ["light", "dark"]) {
        const { page, close } = await open(centre.url, { width, height, scheme });
        await says(page, "win-back", "Paused by a person");
        await says(page, "new-customers", "Paused by the autopilot");
        await page.locator("#queue-rows .card", { hasText: "queue-1" }).waitFor();
        await page.locator("#assignment-rows .card", { hasText: "6 are on its list, as the last plan wants" }).waitFor();
        await sound(page, `${name}, ${scheme}`);
        await page.screenshot({ path: `${shots}/list-${width}-${scheme}.png`, fullPage: true });
        await page.getByRole("button", { name: "spring-renewals", exact: true }).click();
        await page.locator(".plot:not(.share) canvas").waitFor();
        await page.locator(".entries li").first().waitFor();
        await page.evaluate(() => scrollTo(0, 0));
        await sound(page, `${name}, ${scheme}, opened`);
        await page.screenshot({ path: `${shots}/opened-${width}-${scheme}.png`, fullPage: true });
        await close();
      }
    }
    for (const scheme of ["light", "dark"]) {
      const { page, close } = await open(centre.url, { width: 1920, height: 1080, scheme, path: "/?wallboard" });
      await says(page, "win-back", "Paused: person");
      await sound(page, `wallboard, ${scheme}`);
      await page.screenshot({ path: `${shots}/wallboard-1920-${scheme}.png` });
      await close();
    }
  }, ["queue-1"]);
});

/** A calendar that was closed a day ago and opens in three, on the clock of its zone. */
function closed() {
  const day = (after) => new Date(Date.now() + after * 24 * 3600 * 1000).toISOString().slice(0, 10);
  return `[[calendar]]\nname = "office"\nzone = "Europe/Berlin"\nhours = ["00:00-00:00"]\nclosures = ["${day(-1)}/${day(2)} Works outing"]\n`;
}

const OPEN = '[[calendar]]\nname = "round-the-clock"\nzone = "UTC"\nhours = ["00:00-00:00"]\n';

const GUARDS = [
  '[[guard]]\nname = "own"\nlimit = "3%"\nperiod = "rolling 2 days"\nzone = "UTC"\n',
  '[[guard]]\nname = "strict"\nlimit = "0.5%"\nperiod = "rolling 2 days"\nzone = "UTC"\ndenominator = "answered"\n',
];

const GUARDED = [
  { id: "spring-renewals", calendar: "office", name: "Spring renewals" },
  { id: "reminders", calendar: "office", alone: true },
  { id: "win-back", calendar: "round-the-clock" },
  { id: "surveys" },
];

/** Counters of three hours in periods of ten minutes, with forty minutes of which nothing is known. */
async function feed(centre, id) {
  const first = Math.floor(Date.now() / 600_000) * 600_000 - 18 * 600_000;
  for (let slot = 0; slot < 18; slot += 1) {
    if (slot > 5 && slot < 10) continue;
    const time = (at) => new Date(first + at * 600_000).toISOString();
    const abandoned = slot % 4 === 0 ? 2 : 0;
    const connected = 60 + ((slot * 7) % 20);
    const answered = connected + abandoned;
    const row = { campaign: id, since: time(slot), until: time(slot + 1), dials: 2 * answered, answered, connected, abandoned };
    await centre.ask("POST", "/api/v1/outcomes", { author: "dialler", outcomes: [row] });
  }
}

test("closed calendars, abandoned calls and guards are shown in words and on a plot", async () => {
  await within(GUARDED, {}, async (centre) => {
    await feed(centre, "win-back");
    await centre.stop();
    // Guards are compared at the start.
    await centre.start();
    for (const [name, width, height] of [["phone", 390, 844], ["desk", 1440, 900]]) {
      for (const scheme of ["light", "dark"]) {
        const { page, close } = await open(centre.url, { width, height, scheme });
        await says(page, "spring-renewals", "Paused by the calendar");
        await says(page, "spring-renewals", "Calendar office: closed until");
        await says(page, "spring-renewals", "Europe/Berlin (closure Works outing)");
        await says(page, "reminders", "Paused by the calendar");
        await says(page, "reminders", "no agents count");
        await says(page, "reminders", "the calendar is the whole rule");
        await says(page, "win-back", "Calendar round-the-clock: open");
        await says(page, "win-back", "Guard strict:");
        assert.equal(await card(page, "win-back").getByText("Guard own:").count(), 0, "only what is above its limit is a note");
        await sound(page, `${name}, ${scheme}, calendar`);
        await page.screenshot({ path: `${shots}/calendar-${width}-${scheme}.png`, fullPage: true });
        await page.getByRole("button", { name: "win-back", exact: true }).click();
        await page.locator(".shares canvas").waitFor();
        await page.locator(".guards li", { hasText: "near the limit" }).or(page.locator(".guards li", { hasText: "within the limit" })).first().waitFor();
        await page.locator(".guards li.bad", { hasText: "above the limit" }).waitFor();
        await page.locator(".shares .summary", { hasText: "calls abandoned in 2h" }).waitFor();
        await page.evaluate(() => scrollTo(0, 0));
        await sound(page, `${name}, ${scheme}, guards`);
        const canvas = page.locator(".shares .u-over");
        const { width: wide } = await canvas.boundingBox();
        await canvas.hover({ position: { x: wide - 20, y: 40 } });
        await page.locator(".shares .readout", { hasText: "calls abandoned in the two hours before" }).waitFor();
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: `${shots}/guards-${width}-${scheme}.png`, fullPage: true });
        await page.getByRole("button", { name: "Spring renewals spring-renewals", exact: true }).click();
        await page.locator(".stages li", { hasText: "calendar" }).first().waitFor();
        await page.screenshot({ path: `${shots}/closed-${width}-${scheme}.png`, fullPage: true });
        await close();
      }
    }
  }, [], [closed(), OPEN, ...GUARDS]);
});

test("damage to the store is shown, and that the campaigns are controlled all the same", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    await centre.stop();
    const files = ["", "-wal", "-shm"].map((end) => join(centre.directory, "state", `autopilot.sqlite3${end}`));
    const old = (file) => `${file}.old`;
    for (const file of files.filter(existsSync)) copyFileSync(file, old(file));
    await centre.start();
    const { page, close } = await open(centre.url, { expected: ["Failed to load resource", "ERR_"] });
    await says(page, "spring-renewals", "Running");
    assert.equal(await notice(page, "The store is damaged").count(), 0);
    await centre.make("/agents/break", { count: 12, for: "1h" });
    await says(page, "spring-renewals", "Paused by the autopilot");
    await centre.stop();
    // A copy of before is put back: what was written since is lost.
    for (const file of files) {
      rmSync(file, { force: true });
      if (existsSync(old(file))) renameSync(old(file), file);
    }
    await centre.start();
    await notice(page, "The store is damaged. The campaigns are controlled all the same.").waitFor();
    assert.notEqual((await notice(page, "The store is damaged").locator("li").first().textContent()).trim(), "", "it says what is damaged");
    await sound(page, "damage");
    await page.screenshot({ path: `${shots}/damage.png` });
    await close();
  });
});

test("when every place among the followers is taken, the page asks instead", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const leave = new AbortController();
    const followers = Array.from({ length: 16 }, () => fetch(`${centre.url}/api/v1/events`, { signal: leave.signal }));
    for (const follower of followers) assert.equal((await follower).status, 200);
    const { page, close } = await open(centre.url, { expected: ["503 (Service Unavailable)"] });
    await says(page, "spring-renewals", "Running");
    await centre.make("/campaigns/spring-renewals/status", { status: "PAUSED" });
    await says(page, "spring-renewals", "Paused by a person");
    leave.abort();
    await close();
  });
});

test("campaigns of several tenants are told apart, filtered and held", async () => {
  const campaigns = [{ id: "spring-renewals", tenant: "acme" }, { id: "win-back", tenant: "north-eu" }];
  await within(campaigns, { tenants: ["acme", "north-eu"], AUTOPILOT_ALLOW_ACTIONS: "1" }, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "acme/spring-renewals", "Running");
    await says(page, "north-eu/win-back", "Running");
    await page.getByLabel("Tenant").selectOption("north-eu");
    await until("one row is left", async () => (await page.locator("#rows > li").count()) === 1);
    await card(page, "north-eu/win-back").getByRole("button", { name: "north-eu/win-back", exact: true }).click();
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    await centre.ask("PUT", "/api/v1/campaigns/north-eu%2Fwin-back/hold", { kind: "paused", for: "1h", reason: "wrong list", author: "anna" });
    await says(page, "north-eu/win-back", "Held: kept paused");
    await page.getByLabel("Tenant").selectOption("");
    await says(page, "acme/spring-renewals", "Running");
    await sound(page, "tenants");
    await page.screenshot({ path: `${shots}/tenants.png`, fullPage: true });
    await close();
  });
});
