// What the page tells to those who look elsewhere, and what it says of itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { notice, open, says, until, within } from "./page.mjs";

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
