// Today and the past: sums of the day, ranges, a closer look, files of what is seen, and who did what.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { card, open, says, saved, shots, until, within } from "./page.mjs";

const hold = (kind, author, reason) => ({ kind, for: "1h", author, reason });

test("today is summed for each campaign and for all, beside the same weekday before", async () => {
  const calls = { campaign: "spring-renewals", dials: 200, answered: 104, connected: 100, abandoned: 4 };
  await within([{ id: "spring-renewals" }, { id: "win-back" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    await centre.make("/agents/break", { count: 12, for: "1h" });
    const state = async () => (await centre.ask("GET", "/api/v1/status")).campaigns.map(({ stopped_by: by }) => by);
    await until("both are paused", async () => (await state()).every((by) => by === "autopilot"));
    const slot = Math.floor(Date.now() / 600_000) * 600_000;
    const time = (at) => new Date(at).toISOString();
    const midnight = new Date().setHours(0, 0, 0, 0);
    // The first reading is what the others are counted from.
    const counts = slot - 1_200_000 >= midnight;
    for (const back of counts ? [1_200_000, 600_000] : []) {
      const outcomes = [{ ...calls, since: time(slot - back), until: time(slot - back + 600_000) }];
      await centre.ask("POST", "/api/v1/outcomes", { author: "dialler", outcomes });
    }
    await until("the sums know it", async () => {
      const { campaigns } = await centre.ask("GET", `/api/v1/pauses?since=${encodeURIComponent(time(midnight))}`);
      return campaigns.length === 2 && campaigns.every(({ pauses, by }) => pauses === 1 && by.autopilot > 2);
    });
    const { page, close } = await open(centre.url);
    await says(page, "win-back", "Today: 1 pause,");
    const today = page.locator("#today");
    await today.locator("div", { hasText: "Pauses today" }).locator("dd", { hasText: /^2$/ }).waitFor();
    await today.locator("div", { hasText: /Last \w+day/ }).locator("dd", { hasText: "nothing is kept of it" }).waitFor();
    if (counts) {
      await today.locator("div", { hasText: "Calls lost" }).locator("dd", { hasText: "4 of 104 (3.8%)" }).waitFor();
      await says(page, "spring-renewals", "4 of 104 answered calls lost (3.8%)");
      // How many depends on how long the test has taken; that it is an estimate is said.
      await today.locator("div", { hasText: "Calls held back" }).locator("dd", { hasText: /^about \d+ \(estimate\)$/ }).waitFor();
    }
    await card(page, "win-back").locator(".open").click();
    await page.locator(".panel .beside", { hasText: "nothing is kept of that time" }).waitFor();
    await sound(page, "today");
    await page.screenshot({ path: `${shots}/today-1440-light.png`, fullPage: true });
    await close();
  });
});

test("a plot reaches back as far as is asked, is looked at closer, and is saved as it is seen", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url, { path: "/#spring-renewals" });
    await says(page, "spring-renewals", "Running");
    await centre.make("/agents/break", { count: 12, for: "1h" });
    await says(page, "spring-renewals", "Paused by the autopilot");
    await page.locator(".summary", { hasText: "paused once by the autopilot" }).waitFor();
    for (const [word, title] of [["1 hour", "The last hour"], ["7 days", "The last 7 days"], ["All that is kept", "All that is kept"], ["24 hours", "The last 24 hours"]]) {
      await page.getByRole("button", { name: word, exact: true }).click();
      await page.getByRole("heading", { name: title, exact: true }).waitFor();
      await page.locator(`button[aria-pressed="true"]`, { hasText: word }).waitFor();
    }
    const whole = await saved(page, page.locator(".panel").getByRole("button", { name: "Save as CSV" }));
    assert.equal(whole.name, "spring-renewals.csv");
    assert.deepEqual(whole.rows[0], ["at", "available", "pause_below", "resume_at", "stopped_by"]);
    assert.ok(whole.rows.some(([, available, low, high, by]) => available === "14" && low === "5" && high === "8" && by === ""));
    assert.ok(whole.rows.some(([, available, , , by]) => available === "2" && by === "autopilot"));
    // By keyboard or by a pull over the plot.
    await page.getByRole("button", { name: "Closer" }).click();
    await page.locator(".summary", { hasText: "Looked at:" }).waitFor();
    await page.getByRole("button", { name: "Earlier" }).click();
    const part = await saved(page, page.locator(".panel").getByRole("button", { name: "Save as CSV" }));
    assert.ok(part.rows.length <= whole.rows.length);
    await page.getByRole("button", { name: "Whole range" }).click();
    await page.locator(".summary", { hasText: "Looked at:" }).waitFor({ state: "detached" });
    const plot = await page.locator(".plot:not(.share) .u-over").boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.7, plot.y + 60);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width - 5, plot.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.locator(".summary", { hasText: "Looked at:" }).waitFor();
    await sound(page, "a closer look");
    await page.screenshot({ path: `${shots}/closer-1440-light.png`, fullPage: true });
    await close();
  });
});

test("who did what is listed for all campaigns, filtered, and saved", async () => {
  const campaigns = [{ id: "cmp-1", name: "Spring renewals" }, { id: "win-back" }];
  await within(campaigns, { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    await until("it runs", async () => (await centre.ask("GET", "/api/v1/status")).campaigns.every(({ state }) => state === "running"));
    for (let n = 0; n < 60; n += 1) await centre.ask("PUT", "/api/v1/campaigns/win-back/hold", hold("as-is", "ben", `trial ${n}`));
    await centre.ask("PUT", "/api/v1/campaigns/cmp-1/hold", hold("paused", "anna", "wrong list, of May"));
    const { page, close } = await open(centre.url);
    await page.getByRole("link", { name: "Who did what" }).click();
    const rows = page.locator("#changes .entries li");
    const held = rows.filter({ hasText: "Spring renewals (cmp-1)" });
    await held.locator(".says", { hasText: /^held paused until \d\d:\d\d: wrong list, of May$/ }).waitFor();
    assert.equal((await held.textContent()).split("anna").length, 2, "the author is told once");
    // Columns begin at one place in each row, and nothing of a row is broken into narrow pieces.
    const lefts = (part) => rows.locator(part).evaluateAll((all) => [...new Set(all.map((one) => Math.round(one.getBoundingClientRect().left)))]);
    for (const part of ["time", ".author", ".subject", ".says"]) assert.equal((await lefts(part)).length, 1, part);
    assert.equal(await rows.count(), 50);
    await page.locator("#changes").getByRole("button", { name: "Show more rows" }).click();
    await until("all are there", async () => (await rows.count()) === 61);
    await centre.make("/campaigns/win-back/status", { status: "PAUSED" });
    await rows.filter({ hasText: "somebody at the platform" }).filter({ hasText: "paused by a person" }).waitFor();
    await page.getByLabel("Find a change").fill("ANNA");
    await until("one row is left", async () => (await rows.count()) === 1);
    await sound(page, "who did what");
    const { name, rows: lines } = await saved(page, page.locator("#changes").getByRole("button", { name: "Save as CSV" }));
    assert.equal(name, "who-did-what.csv");
    assert.equal(lines.length, 2);
    assert.deepEqual(lines[1].slice(1, 4), ["", "cmp-1", "anna"]);
    await page.getByLabel("Find a change").fill("");
    for (const [width, scheme] of [[390, "dark"], [390, "light"], [1920, "light"], [1440, "dark"], [1440, "light"]]) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      await page.locator("#changes").scrollIntoViewIfNeeded();
      const says = await held.locator(".says").boundingBox();
      assert.ok(says.width >= 300, `${width}: what was done has ${says.width} px`);
      await sound(page, `who did what, ${width}, ${scheme}`);
      await page.screenshot({ path: `${shots}/who-${width}-${scheme}.png` });
    }
    // What programs feed each few minutes is not among what people did.
    const time = (ago) => new Date(Math.floor(Date.now() / 1000) * 1000 - ago).toISOString();
    const fed = { campaign: "win-back", since: time(600_000), until: time(0), dials: 9, answered: 5, connected: 5, abandoned: 0 };
    await centre.ask("POST", "/api/v1/outcomes", { author: "dialler", outcomes: [fed] });
    const { entries } = await centre.ask("GET", "/api/v1/history?kind=operator&limit=1");
    assert.equal(entries[0].event.by, "anna");
    await page.getByLabel("Whose doings").selectOption("commands");
    await rows.filter({ hasText: "pause confirmed" }).waitFor();
    await page.getByLabel("Whose doings").selectOption("daemon");
    await rows.filter({ hasText: "started, version" }).waitFor();
    await rows.filter({ hasText: "a program" }).filter({ hasText: "outcomes fed" }).waitFor();
    assert.equal(await rows.filter({ hasText: "held" }).count(), 0);
    await close();
  });
});
