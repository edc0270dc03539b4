// Who paused: an operator, a person, the autopilot, the calendar and the platform, each in words, numbers, colours and on the plot.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { card, open, says, shots, until, within } from "./page.mjs";

/** A calendar that was closed a day ago and opens in three. */
function closed() {
  const day = (after) => new Date(Date.now() + after * 24 * 3600 * 1000).toISOString().slice(0, 10);
  return `[[calendar]]\nname = "office"\nzone = "UTC"\nhours = ["00:00-00:00"]\nclosures = ["${day(-1)}/${day(2)} Works outing"]\n`;
}

const CAMPAIGNS = [
  { id: "running" },
  { id: "by-autopilot", pause: 20, resume: 25 },
  { id: "by-hold" },
  { id: "by-calendar", calendar: "office" },
  { id: "by-person" },
  { id: "by-platform" },
];

const WORDS = {
  autopilot: "Paused by the autopilot",
  hold: "Held paused by an operator",
  calendar: "Paused by the calendar",
  person: "Paused by a person",
  platform: "Stopped on the platform",
};

test("each who or what pauses has a word, a number, a colour and a shade of its own", async () => {
  await within(CAMPAIGNS, { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url);
    await says(page, "running", "Running");
    await centre.ask("PUT", "/api/v1/campaigns/by-hold/hold", { kind: "paused", for: "1h", reason: "wrong list", author: "anna" });
    await centre.make("/campaigns/by-person/status", { status: "PAUSED" });
    await centre.make("/campaigns/by-platform/status", { status: "COMPLETED" });
    const colours = new Set();
    for (const [by, word] of Object.entries(WORDS)) {
      await says(page, `by-${by}`, word);
      colours.add(await card(page, `by-${by}`).locator(".word").evaluate((element) => getComputedStyle(element).color));
    }
    assert.equal(colours.size, 5, "five colours");
    await says(page, "by-platform", "COMPLETED on the platform");
    for (const word of ["Held by an operator", "Paused by a person", "Paused by the autopilot", "Paused by the calendar", "Stopped on the platform", "Running"]) {
      await page.locator("#tally .chip", { hasText: word }).locator(".many", { hasText: /^1$/ }).waitFor();
    }
    await sound(page, "who paused");
    await page.screenshot({ path: `${shots}/owners-1440-light.png`, fullPage: true });
    for (const by of Object.keys(WORDS)) {
      await until(`the past knows ${by}`, async () => {
        const { paused } = await centre.ask("GET", `/api/v1/campaigns/by-${by}/series`);
        return paused.some((one) => one.by === by);
      });
    }
    // What commanded is on the marks too.
    for (const by of ["autopilot", "hold", "calendar"]) {
      const { transitions } = await centre.ask("GET", `/api/v1/campaigns/by-${by}/series`);
      assert.deepEqual(transitions.map((mark) => [mark.to, mark.by]), [["paused", by]]);
    }
    await page.getByRole("button", { name: "by-calendar", exact: true }).click();
    await page.locator(".keys", { hasText: "paused by the calendar" }).waitFor();
    await page.locator(".summary", { hasText: "paused once by the calendar" }).waitFor();
    await page.locator(".summary", { hasText: "never paused by the autopilot" }).waitFor();
    await page.screenshot({ path: `${shots}/owners-calendar-1440-light.png`, fullPage: true });
    await close();
  }, [], [closed()]);
});

test("holds, thresholds, outages, restarts and reloads are marks and rows, and the legend names them", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_ALLOW_ACTIONS: "true" }, async (centre) => {
    const { page, close } = await open(centre.url, { path: "/#spring-renewals", scheme: "dark" });
    await says(page, "spring-renewals", "Running");
    const as = { reason: "trial", author: "anna" };
    await centre.ask("PUT", "/api/v1/campaigns/spring-renewals/hold", { kind: "as-is", for: "1h", ...as });
    await centre.ask("DELETE", "/api/v1/campaigns/spring-renewals/hold?reason=done&author=anna");
    await centre.ask("PUT", "/api/v1/campaigns/spring-renewals/thresholds", { pause_below: "3", resume_at: "6", for: "1h", ...as });
    await centre.ask("POST", "/-/reload?reason=trial&author=anna");
    await centre.make("/faults", { spec: "500:agents" });
    await page.locator(".panel .entries li", { hasText: "data stale" }).waitFor();
    await fetch(`${centre.control}/faults`, { method: "DELETE" });
    for (const row of ["held as-is", "no longer held as-is", "pause below 3", "configuration reloaded", "valid polls are back", "started, version"]) {
      await page.locator(".panel .entries li", { hasText: row }).first().waitFor();
    }
    for (const word of ["hold or release", "thresholds changed", "outage, or its end", "configuration reloaded", "daemon started or stopped", "no valid reading"]) {
      await page.locator(".keys", { hasText: word }).waitFor();
    }
    await page.locator(".readout").first().waitFor({ state: "attached" });
    await sound(page, "marks");
    await page.screenshot({ path: `${shots}/marks-1440-dark.png`, fullPage: true });
    await close();
  });
});

test("the opened campaign shows the decision of its head, however fast decisions follow each other", async () => {
  await within([{ id: "spring-renewals" }], { AUTOPILOT_POLL_INTERVAL: "50ms" }, async (centre) => {
    const { page, close } = await open(centre.url, { path: "/#spring-renewals" });
    await page.locator(".panel", { hasText: "Decision 1-" }).waitFor();
    const seen = new Set();
    await until("some decisions were seen", async () => {
      const shown = await page.evaluate(() => {
        const decision = (selector) => document.querySelector(selector).textContent.match(/Decision (\d+-\d+) of (\S+)\./).slice(1).join(" ");
        return [decision(".card .why"), decision(".panel .halves .summary"), document.querySelectorAll("#vitals dd")[2].textContent];
      });
      assert.equal(shown[0], shown[1], "head and panel");
      assert.equal(shown[0].split(" ")[0], shown[2], "head and the top of the page");
      seen.add(shown[0]);
      return seen.size > 10;
    });
    await close();
  });
});
