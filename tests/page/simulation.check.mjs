// A simulated day: that it is one, how fast it goes by, and the comparison as a picture.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { sound } from "./browser.mjs";
import { open, shots } from "./page.mjs";

/** The demonstration, until its day is over. */
async function dayOver() {
  const demo = spawn(process.env.PROGRAM, ["demo", "--for", "2s", "--keep-serving"], { stdio: ["ignore", "ignore", "pipe"] });
  for await (const told of createInterface({ input: demo.stderr })) {
    const over = told.match(/The day is over\. Its page stays at (http:\S+)\/ until/);
    if (over) return { demo, url: over[1] };
  }
  throw new Error("the demonstration ended");
}

test("the page of a demonstration says that it is a simulation, and shows what the autopilot makes of the day", async () => {
  const { demo, url } = await dayOver();
  try {
    for (const width of [390, 1440]) {
      for (const scheme of ["light", "dark"]) {
        const { page, close } = await open(url, { width, height: 900, scheme });
        const simulation = page.locator("#simulation");
        await simulation.getByRole("heading", { name: "Simulation" }).waitFor();
        await simulation.filter({ hasText: "lunch-dip, seed 7, went by at 18,000 times real time" }).waitFor();
        const pictures = simulation.getByRole("img");
        assert.equal(await pictures.count(), 3);
        const words = await pictures.nth(1).getAttribute("aria-label");
        assert.match(words, /^Of 1,000 who answered, met nobody: [\d.]+ with the autopilot, [\d.]+ left running$/);
        const [ours, left] = words.match(/[\d.]+(?= (with|left))/g).map(Number);
        assert.ok(ours < left, words);
        await sound(page, `a simulation, ${width} ${scheme}`);
        await page.screenshot({ path: `${shots}/simulation-${width}-${scheme}.png`, fullPage: true });
        await close();
      }
    }
    const { page, close } = await open(url, { width: 1920, height: 1080, path: "/?wallboard" });
    await page.locator("#simulation").getByRole("heading", { name: "Simulation" }).waitFor();
    assert.equal(await page.locator("#simulation").getByRole("img").count(), 0);
    await sound(page, "a simulation on the wallboard");
    await page.screenshot({ path: `${shots}/simulation-wallboard.png` });
    await close();
  } finally {
    const gone = once(demo, "exit");
    demo.kill("SIGINT");
    await gone;
  }
});
