// A browser that keeps account of everything that must not happen: errors, violations of the policy, requests elsewhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { PATIENCE_MS } from "./centre.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Where the page's files are taken from instead of the program, so that a change of theirs needs no build. */
const { PAGE_SOURCE: SOURCE } = process.env;

const TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml", md: "text/plain; charset=utf-8" };

/** Answers for the page's files, under the policy of the program. */
async function fromSource(page, url) {
  const policy = (await fetch(`${url}/`)).headers.get("content-security-policy");
  const answer = (route, file) => {
    const headers = { "content-security-policy": policy, "content-type": TYPES[file.split(".").at(-1)] };
    return route.fulfill({ body: readFileSync(join(SOURCE, file)), headers });
  };
  await page.route(({ pathname }) => pathname === "/", (route) => answer(route, "index.html"));
  await page.route(({ pathname }) => /^\/page\/[\w-]+\.\w+$/.test(pathname), (route) => answer(route, new URL(route.request().url()).pathname.slice(6)));
}

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: ARGUMENTS });
}

/** A tab of its own, in a profile of its own. `expected` are texts of errors that a check brings about itself. */
export async function tab(browser, url, { width = 1440, height = 900, scheme = "light", expected = [], path = "/", ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", ...more });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong = [];
  const note = (text) => {
    if (!expected.some((known) => text.includes(known))) wrong.push(text);
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) note(`console: ${message.text()}`);
  });
  page.on("pageerror", (fault) => note(`script: ${fault.stack}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== url && protocol !== "data:") wrong.push(`a request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  if (SOURCE) await fromSource(page, url);
  await page.goto(`${url}${path}`);
  return {
    page,
    /** Closes it; nothing may have gone wrong. */
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** No serious finding of axe, and nothing that is wider than the window. */
export async function sound(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${what}: the page is ${wide} px wider than the window`);
  // As a debugger would: the page's own policy lets no foreign script in.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const run = "axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations))";
  const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  await session.detach();
  const findings = JSON.parse(result.value)
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(findings, [], what);
}
