// Guides and runbooks: the page serves them as pages to read, which lead to each other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { open, shots, until, within } from "./page.mjs";

test("a runbook is a page to read at the address that its alert names, and leads to others", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const path = "/page/docs/runbooks/AutopilotAvailabilityStale.md";
    for (const [width, scheme] of [[390, "light"], [390, "dark"], [1440, "light"], [1920, "dark"]]) {
      const { page, close } = await open(centre.url, { width, scheme, path });
      await page.getByRole("heading", { level: 1, name: "AutopilotAvailabilityStale" }).waitFor();
      assert.equal(await page.title(), "AutopilotAvailabilityStale – Campaign autopilot");
      // The style is the page's own: the body has its ground, and the text has margins.
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector(".document pre")).borderTopStyle), "none");
      await sound(page, `a runbook, ${width}, ${scheme}`);
      await page.screenshot({ path: `${shots}/runbook-${width}-${scheme}.png` });
      await page.getByRole("link", { name: "AutopilotTokenRefreshFailing" }).click();
      await page.getByRole("heading", { level: 1, name: "AutopilotTokenRefreshFailing" }).waitFor();
      await page.getByRole("link", { name: "Troubleshooting" }).click();
      await page.getByRole("heading", { level: 1, name: "Troubleshooting" }).waitFor();
      await page.getByRole("cell", { name: "readings fail, or contradict themselves" }).waitFor();
      await sound(page, `troubleshooting, ${width}, ${scheme}`);
      await page.screenshot({ path: `${shots}/troubleshooting-${width}-${scheme}.png` });
      await page.getByRole("link", { name: "Campaign autopilot" }).click();
      await page.locator("[data-campaign=spring-renewals]").waitFor();
      await close();
    }
  });
});

test("the documents at the bottom of the page are pages under its policy", async () => {
  await within([{ id: "spring-renewals" }], {}, async (centre) => {
    const { page, close } = await open(centre.url);
    for (const [link, heading] of [["This page", "The page"], ["On call", "On call"], ["Terms", "Glossary"]]) {
      const answered = page.waitForResponse((response) => response.url().includes("/page/docs/"));
      await page.getByRole("navigation", { name: "Documents" }).getByRole("link", { name: link, exact: true }).click();
      const headers = (await answered).headers();
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.match(headers["content-security-policy"], /default-src 'none'/);
      await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
      await until("it says which one it is", async () => (await page.locator(".ways [aria-current=page]").textContent()) === link);
      await sound(page, link);
      await page.screenshot({ path: `${shots}/document-${heading.replaceAll(" ", "-").toLowerCase()}-1440-light.png` });
      await page.goto(centre.url);
    }
    await close();
  });
});
