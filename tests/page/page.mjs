// What the checks share: a centre with a daemon for one check, and what is looked for on the page.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { launch, tab } from "./browser.mjs";
import { Centre, PATIENCE_MS } from "./centre.mjs";

const { PROGRAM: program } = process.env;

export const { SHOTS: shots } = process.env;

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** A tab of its own. */
export function open(url, more) {
  return tab(browser, url, more);
}

/** A centre with a daemon for one check. */
export async function within(campaigns, more, work, queues = [], tables = []) {
  const centre = await Centre.open(program, campaigns, queues, tables);
  try {
    await centre.start(more);
    await work(centre);
  } finally {
    await centre.close();
  }
}

/** A campaign's card, or its row. */
export function card(page, id) {
  return page.locator(`[data-campaign="${id}"]`);
}

/** Waits until the card of a campaign says this. */
export async function says(page, id, text) {
  await card(page, id).filter({ hasText: text }).waitFor();
}

/** One of the notices at the top. */
export function notice(page, text) {
  return page.locator("#notices .notice", { hasText: text });
}

/** Waits until something that was asked for is so. */
export async function until(what, so) {
  const since = performance.now();
  while (!(await so())) {
    assert.ok(performance.now() - since < PATIENCE_MS, `waited in vain until ${what}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

/** What a button saves, as lines of cells. */
export async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const parts = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  const lines = Buffer.concat(parts).toString().trim().split("\r\n");
  return { name: download.suggestedFilename(), rows: lines.map((line) => line.split(",")) };
}
