// The wallboard: it is filled by few, turns pages of many, and can be read from across the room.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { open, shots, until, within } from "./page.mjs";

/** The smallest letters, and how much of the screen the parts fill. */
function measure() {
  const parts = [...document.querySelectorAll(".part")];
  const letters = parts.flatMap((part) => [...part.querySelectorAll("span, h2, p")].filter((one) => one.childElementCount === 0 && one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize)));
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const cut = parts.flatMap((part) => {
    const { bottom } = part.getBoundingClientRect();
    return [...part.children].filter((child) => child.getBoundingClientRect().bottom > bottom + 1).map((child) => child.className);
  });
  return {
    parts: parts.length,
    smallest: Math.min(...letters),
    number: Math.min(...parts.map((part) => parseFloat(getComputedStyle(part.querySelector(".number")).fontSize))),
    filled: boxes.reduce((sum, { width, height }) => sum + width * height, 0) / (innerWidth * innerHeight),
    lowest: Math.max(...boxes.map(({ bottom }) => bottom)),
    cut,
  };
}

const named = (count) => Array.from({ length: count }, (_, n) => ({ id: `cmp-${1000 + n}`, absent: n > 2, name: `Renewals of district ${n}` }));

test("one campaign fills the screen, thirty are on pages that turn, with a clock and the targets", async () => {
  for (const [count, pages] of [[1, 1], [6, 1], [30, 4]]) {
    await within(named(count), { AUTOPILOT_POLL_INTERVAL: "1s" }, async (centre) => {
      for (const scheme of ["light", "dark"]) {
        const { page, close } = await open(centre.url, { width: 1920, height: 1080, scheme, path: "/?wallboard" });
        await page.locator(".part", { hasText: "pause below 5" }).first().waitFor();
        await page.locator(".part", { hasText: "resume at 8" }).first().waitFor();
        await page.locator(".clock", { hasText: /^\d\d:\d\d:\d\d$/ }).waitFor();
        const found = await page.evaluate(measure);
        const all = `${count} campaigns: ${JSON.stringify(found)}`;
        console.log(all);
        assert.equal(found.parts, Math.min(9, count), all);
        assert.deepEqual(found.cut, [], all);
        assert.ok(found.lowest <= 1080, all);
        assert.ok(found.filled > 0.7, all);
        // Letters of 32 pixels are 20 millimetres high on a screen of 55 inches, and the number is three times that.
        assert.ok(found.smallest >= 32 && found.number >= 100, all);
        await sound(page, `wallboard of ${count}, ${scheme}`);
        await page.screenshot({ path: `${shots}/wall-${count}-1920-${scheme}.png` });
        if (pages > 1 && scheme === "light") {
          await page.locator(".pages", { hasText: `Page 1 of ${pages}` }).waitFor();
          const before = await page.locator(".part h2, .part .name").first().textContent();
          await page.locator(".pages", { hasText: `Page 2 of ${pages}` }).waitFor();
          assert.notEqual(await page.locator(".part h2, .part .name").first().textContent(), before);
        }
        await close();
      }
    });
  }
});

test("a wall shows two thousand too, or those that its address names", async () => {
  await within(named(2000), { AUTOPILOT_POLL_INTERVAL: "1s" }, async (centre) => {
    const { page, close } = await open(centre.url, { width: 1920, height: 1080, path: "/?wallboard" });
    await page.locator(".pages", { hasText: "Page 1 of 223" }).waitFor();
    assert.deepEqual((await page.evaluate(measure)).cut, []);
    await close();
    const { page: some, close: closeSome } = await open(centre.url, { width: 1920, height: 1080, path: "/?wallboard&show=running" });
    await until("three are there", async () => (await some.locator(".part").count()) === 3);
    await closeSome();
  });
});
