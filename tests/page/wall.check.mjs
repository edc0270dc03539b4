// The wallboard: it is filled by few, turns pages of many, and can be read from across the room; a turn stays short for thousands.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { open, shots, until, within } from "./page.mjs";

/** The smallest letters, and how much of the screen the parts fill. */
function measure() {
  const parts = [...document.querySelectorAll(".part")];
  const letters = parts.flatMap((part) => [...part.querySelectorAll("span, h2, p")].filter((one) => one.childElementCount === 0 && one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize)));
  const boxes = parts.map((part) => part.getBoundingClientRect());
  // Names and days may be long.
  for (const part of parts) for (const words of part.querySelectorAll("h2, .day")) words.textContent = `${words.textContent} and so on`.repeat(9);
  const cut = parts.flatMap((part) => {
    const { bottom, right } = part.getBoundingClientRect();
    const beyond = (one) => one.bottom > bottom + 1 || one.right > right + 1;
    return [...part.querySelectorAll("*")].filter((child) => beyond(child.getBoundingClientRect())).map((child) => child.className);
  });
  return {
    parts: parts.length,
    smallest: Math.min(...letters),
    number: Math.min(...parts.map((part) => parseFloat(getComputedStyle(part.querySelector(".number")).fontSize))),
    filled: boxes.reduce((sum, { width, height }) => sum + width * height, 0) / (innerWidth * innerHeight),
    lowest: Math.max(...boxes.map(({ bottom }) => bottom)),
    // How far to the right what is in a part reaches, as a share of its width.
    reached: Math.min(...parts.map((part) => {
      const { left, width } = part.getBoundingClientRect();
      return (Math.max(...[...part.querySelectorAll("svg, span")].map((one) => one.getBoundingClientRect().right)) - left) / width;
    })),
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
        await page.locator(".total", { hasText: count === 1 ? /^1 campaign$/ : `${count} campaigns` }).waitFor();
        await page.locator(".part .plot .spark .agents").first().waitFor({ state: "attached" });
        await page.screenshot({ path: `${shots}/wall-${count}-1920-${scheme}.png` });
        const found = await page.evaluate(measure);
        const all = `${count} campaigns: ${JSON.stringify(found)}`;
        console.log(all);
        assert.equal(found.parts, Math.min(9, count), all);
        assert.deepEqual(found.cut, [], all);
        assert.ok(found.lowest <= 1080, all);
        assert.ok(found.filled > 0.7, all);
        assert.ok(found.reached > 0.95, all);
        // Letters of 32 pixels are 20 millimetres high on a screen of 55 inches, and the number is three times that.
        assert.ok(found.smallest >= 32 && found.number >= 100, all);
        await sound(page, `wallboard of ${count}, ${scheme}`);
        if (pages > 1 && scheme === "light") {
          // Both at one moment: a page may turn between two looks.
          const turned = () => page.evaluate(() => [".pages", ".part h2, .part .name"].map((what) => document.querySelector(what).textContent.replaceAll(" and so on", "")));
          const before = await turned();
          assert.match(before[0], new RegExp(`Page \\d of ${pages}`));
          await until("the page turns", async () => (await turned()).every((now, at) => now !== before[at]));
        }
        await close();
      }
    });
  }
});

/** The smallest letters of what many are shown as, and what is cut off at the bottom of it. */
function measureMany() {
  const shown = [...document.querySelectorAll(".tile, .group")];
  const written = shown.flatMap((one) => [...one.querySelectorAll("span, h2, p, strong")].filter((part) => part.childElementCount === 0 && part.textContent));
  const cut = shown.filter((one) => [...one.querySelectorAll("*")].some((part) => part.getBoundingClientRect().bottom > one.getBoundingClientRect().bottom + 1));
  return {
    shown: shown.length,
    smallest: Math.min(...written.map((part) => parseFloat(getComputedStyle(part).fontSize))),
    lowest: Math.max(...shown.map((one) => one.getBoundingClientRect().bottom)),
    cut: cut.map((one) => one.textContent),
  };
}

test("a wall of two thousand makes a short turn with the sum of all on each page, and shows those that its address names", async () => {
  const teams = ["Sales", "Retention", "Collections", undefined];
  const campaigns = named(2000).map((one, n) => ({ ...one, team: teams[n % 4] }));
  await within(campaigns, { AUTOPILOT_POLL_INTERVAL: "1s" }, async (centre) => {
    for (const scheme of ["light", "dark"]) {
      const { page, close } = await open(centre.url, { width: 1920, height: 1080, scheme, path: "/?wallboard" });
      // Two pages of those that want attention, and one with the teams.
      for (const [n, words] of ["the first 96 of 1997 that want attention", "the first 96 of 1997 that want attention", "all by team"].entries()) {
        await page.locator(".pages", { hasText: `Page ${n + 1} of 3 ${words}` }).waitFor();
        const found = await page.evaluate(measureMany);
        const all = `page ${n + 1}: ${JSON.stringify(found)}`;
        assert.equal(found.shown, n === 2 ? 4 : 48, all);
        assert.deepEqual(found.cut, [], all);
        assert.ok(found.smallest >= 20 && found.lowest <= 1080, all);
        await page.locator(".total", { hasText: "2000 campaigns" }).waitFor();
        await page.locator(".chip", { hasText: "1997 Not read" }).waitFor();
        await sound(page, `wallboard of two thousand, page ${n + 1}, ${scheme}`);
        await page.screenshot({ path: `${shots}/wall-2000-${n + 1}-1920-${scheme}.png` });
        if (scheme === "dark") break;
      }
      await close();
    }
    const { page: some, close: closeSome } = await open(centre.url, { width: 1920, height: 1080, path: "/?wallboard&show=running" });
    await until("three are there", async () => (await some.locator(".part").count()) === 3);
    await closeSome();
  });
});

test("however many want attention, they come first and a turn is of eight pages at most", async () => {
  await within(named(1), {}, async (centre) => {
    const { page, close } = await open(centre.url, { path: "/?wallboard" });
    await page.locator(".part").waitFor();
    const found = await page.evaluate(async () => {
      const { plan } = await import("./page/wallplan.js");
      const one = (state, n, teams) => ({
        id: `c${n}`, state, stopped_by: state === "paused" ? "autopilot" : null, available: 3, hold: null, outcome: "nothing_to_do", guards: [], rivals: [],
        team: teams ? `Team ${n % teams}` : null,
      });
      const of = (urgent, calm, teams) =>
        [...Array.from({ length: calm }, (_, n) => one("running", n, teams)), ...Array.from({ length: urgent }, (_, n) => one("paused", calm + n, teams))];
      const told = (campaigns, stale = () => false, [wide, high] = [1882, 950]) => {
        const pages = plan(campaigns, { stale, by: "" }, wide, high);
        const first = pages[0]?.items[0];
        return [pages.map(({ kind, items }) => `${kind} ${items.length}`).join(", "), first?.state ?? first?.name];
      };
      const refused = { ...one("running", 7777), outcome: "refused" };
      return {
        none: told([]),
        few: told(of(1, 8)),
        some: told(of(2, 70)),
        more: told(of(20, 200)),
        thousands: told(of(20, 1980, 5)),
        teams: told(of(20, 1980, 500)),
        refused: plan([...of(0, 300), refused], { stale: () => false, by: "" }, 1882, 950)[0].items.map(({ id }) => id),
        urgent: told(of(150, 1850)),
        old: told(of(0, 2000, 7), () => true),
        hand: told(of(40, 1960, 5), () => false, [390, 700]),
      };
    });
    assert.deepEqual(found, {
      none: ["", undefined],
      few: ["parts 9", "paused"],
      some: ["parts 9, parts 9, parts 9, parts 9, parts 9, parts 9, parts 9, parts 9", "paused"],
      more: ["parts 9, parts 9, parts 2, tiles 48, tiles 48, tiles 48, tiles 48, tiles 8", "paused"],
      thousands: ["parts 9, parts 9, parts 2, groups 5", "paused"],
      teams: ["parts 9, parts 9, parts 2, groups 16, groups 16, groups 16, groups 16, groups 16", "paused"],
      refused: ["c7777"],
      urgent: ["tiles 48, tiles 48, tiles 48, tiles 6, groups 1", "paused"],
      old: ["tiles 48, tiles 48, groups 7", "running"],
      hand: ["tiles 7, tiles 7, groups 3, groups 2", "paused"],
    });
    await close();
  });
});

test("what loads says so, on the page and on the wall", async () => {
  await within(named(1), {}, async (centre) => {
    for (const path of ["/?wallboard", "/"]) {
      const { page, close } = await open(centre.url, { width: 1920, height: 1080, path });
      await page.locator("#loading").waitFor({ state: "hidden" });
      // Nothing is answered until the word is there.
      let go;
      const asked = new Promise((release) => { go = release; });
      await page.route("**/api/v1/**", async (route) => {
        await asked;
        await route.continue();
      });
      await page.reload();
      await page.getByText("Loading: the daemon has not answered yet.").waitFor();
      await sound(page, `loading ${path}`);
      go();
      await page.locator("#loading").waitFor({ state: "hidden" });
      await close();
    }
  });
});
