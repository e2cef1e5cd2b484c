// Looks at reports in Chromium: `node check.mjs ONE TWO BARE` with pages of one bundle, of two, and
// of one in which nobody is ranked. TOOLS names the folder with node_modules; SHOTS, where it is
// set, a folder for pictures. Ends with 1 and says what is wrong where something is.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tellApart } from "./colours.mjs";

const require = createRequire(pathToFileURL(join(process.env.TOOLS, "x.js")));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const [one, two, bare] = process.argv.slice(2).map((path) => pathToFileURL(path).href);
const shots = process.env.SHOTS;
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

// Each context of it begins with nothing: no cache, no history, no settings.
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
let checks = 0;

// A page that must stay silent: no message, no fault, nothing asked of a network.
async function open(address, { size = "wide", scheme = "light", scripts = true } = {}) {
  const context = await browser.newContext({
    viewport: sizes[size], colorScheme: scheme, javaScriptEnabled: scripts,
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.stack}`));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address.split("#")[0]) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, [], "a silent page");
  };
  return { page, close };
}

async function check(name, address, options, work) {
  const { page, close } = await open(address, options);
  try {
    await work(page);
    await close();
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
    if (shots) await page.screenshot({ path: join(shots, "failed.png") }).catch(() => {});
    await page.context().close();
    return;
  }
  checks += 1;
  console.log(`${name}: good`);
}

const text = (page, selector) => page.locator(selector).first().innerText();
const seen = (page, selector) => page.locator(selector).filter({ visible: true }).count();

// Nothing wider than the window, all plots drawn, and no rule of accessibility broken.
async function looksRight(page, plots) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} px wider than the window`);
  const inked = await page.evaluate(() => [...document.querySelectorAll(".sheet.on canvas")].map((c) => {
    const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }));
  assert.equal(inked.length, plots, "plots");
  assert.ok(inked.every((colours) => colours > 20), `plots with lines: ${inked}`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
  const told = violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html} ${v.nodes[0].failureSummary}`);
  assert.deepEqual(told, [], "accessible");
}

for (const size of ["wide", "narrow"]) {
  for (const scheme of ["light", "dark"]) {
    await check(`${size}, ${scheme}`, one, { size, scheme }, async (page) => {
      await looksRight(page, 2);
      const page_ = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(page_, scheme === "light" ? "rgb(255, 255, 255)" : "rgb(20, 23, 26)");
      const hues = await page.evaluate(() => [...Array(10).keys()].map((hue) => colour(`hue-${hue}`)));
      tellApart(hues, page_);
      if (shots) await page.screenshot({ path: join(shots, `${size}-${scheme}.png`), fullPage: true });
    });
  }
  await check(`two bundles, ${size}`, two, { size }, async (page) => {
    await looksRight(page, 2);
    const rows = () => seen(page, ".comparison tbody tr");
    const before = await rows();
    const button = page.locator(".show-alike");
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await button.press("Enter");
    assert.ok(await rows() > before + 50, "what is indistinguishable is shown");
    if (shots) await page.screenshot({ path: join(shots, `two-${size}.png`), fullPage: true });
  });
}

await check("theme", one, {}, async (page) => {
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const ink = () => page.evaluate(() => document.querySelector(".sheet.on canvas").toDataURL());
  const [light, drawn] = [await colour(), await ink()];
  await page.locator("#theme").press("Enter");
  assert.equal(await colour(), light);
  await page.locator("#theme").press("Enter");
  assert.equal(await text(page, "#theme"), "Theme: dark");
  assert.notEqual(await colour(), light);
  assert.notEqual(await ink(), drawn, "plots follow the theme");
});

await check("filters by keyboard", one, {}, async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  // From the skip link on, the choices come first.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "choose-sheet");
  await page.keyboard.press("ArrowDown");
  assert.equal(await text(page, ".sheet.on h2"), "state");
  await page.keyboard.press("Tab");
  const caption = () => text(page, ".sheet.on .by.on .ranking caption");
  const before = await caption();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await caption(), before, "ranked by another metric");
  await page.keyboard.press("Tab");
  await page.keyboard.type("go-");
  const ranked = () => seen(page, ".sheet.on .by.on .ranking tbody tr");
  assert.equal(await ranked(), 3);
  assert.match(await text(page, "#shown"), /^3 of 15 servers/);
  assert.equal(await seen(page, ".sheet.on .picks label"), 3);
  for (let letter = 0; letter < 3; letter += 1) await page.keyboard.press("Backspace");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const all = await ranked();
  await page.keyboard.press("Tab");
  const [facet, value] = await page.evaluate(() =>
    [document.activeElement.dataset.facet, document.activeElement.value]);
  assert.deepEqual([facet, value], ["kind", "engine"]);
  await page.keyboard.press("Space");
  assert.ok(await ranked() < all && await ranked() > 0);
  assert.equal(await seen(page, '.sheet.on .by.on .ranking tbody tr[data-kind="engine"]'), 0);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".filters").getAttribute("open"), null);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  // The address holds all of it.
  await page.reload();
  assert.equal(await text(page, ".sheet.on h2"), "state");
  assert.equal(await seen(page, '.sheet.on .by.on .ranking tbody tr[data-kind="engine"]'), 0);
});

await check("where a number comes from", one, {}, async (page) => {
  const first = page.locator(".sheet.on .by.on .ranking .n").first();
  assert.equal(await seen(page, '.sheet.on .by.on .ranking .n[tabindex="0"]'), 1);
  await first.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  const chosen = await page.evaluate(() => document.activeElement.textContent);
  assert.match(chosen, /%|×/, "the change against the best");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  const told = await page.locator("dialog").innerText();
  for (const part of ["2027-03-01-two-cores", "median of 4 rounds", "runs/", ".json.gz", "hunt-server",
    "hunt-load", "taskset --cpu-list 1", "matrix run", "kept"]) {
    assert.ok(told.includes(part), `${part} in: ${told}`);
  }
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog").isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement.className), "n");
  const number = page.locator(".sheet.on .figures .n").first();
  await number.hover();
  assert.match(await number.getAttribute("title"), /2027-03-01-two-cores: runs\//);
  // Of a figure that is missing, why.
  await page.locator(".sheet.on .figures .none").first().click();
  assert.match(await page.locator("dialog").innerText(), /not|no /);
  await page.locator("dialog button").click();
  await page.locator(".all-runs summary").click();
  await page.locator(".all-runs tbody tr").first().waitFor();
  const runs = await seen(page, ".all-runs tbody tr");
  assert.equal(runs, await page.evaluate(() => data.runs.length));
});

await check("plots", one, {}, async (page) => {
  const ink = () => page.evaluate(() =>
    [...document.querySelectorAll(".sheet.on canvas")].map((canvas) => canvas.toDataURL()));
  const before = await ink();
  await page.locator('.sheet.on .picks input:not(:checked)').first().press("Space");
  const after = await ink();
  assert.ok(after[0] !== before[0] && after[1] !== before[1], "a further server is drawn");
  await page.locator(".sheet.on .time-metric").selectOption("resident_bytes");
  assert.notEqual((await ink())[1], after[1]);
  await page.locator(".sheet.on .time-table summary").click();
  await page.locator(".sheet.on .time-table tbody tr").first().waitFor();
  assert.equal(await seen(page, ".sheet.on .time-table tbody tr"), 12);
  assert.match(await text(page, ".sheet.on .time-table tbody td"), /MiB/);
  const picked = page.locator(".sheet.on .picks input:checked");
  while (await picked.count() > 0) await picked.first().uncheck();
  assert.equal((await ink()).length, 2, "nothing to draw is no fault");
  await page.locator(".sheet.on .time-metric").selectOption("p99_ns");
  await page.locator(".sheet.on .picks input").first().check();
  const plot = page.locator('.sheet.on [data-chart="percentiles"] .u-over');
  await plot.hover();
  assert.match(await text(page, ".sheet.on .picks output"), /^p\d+.*: .*s$/);
});

await check("nobody is ranked", bare, {}, async (page) => {
  assert.equal(await text(page, "h1"), "Nothing can be ranked");
  assert.equal(await seen(page, ".ranking tbody tr .best"), 0);
  assert.ok((await text(page, ".refused")).includes("the generator did not prove itself"));
  // What happened over time can be looked at all the same, and says that it does not count.
  assert.match(await text(page, ".sheet.on .time-note"), /axum does not count/);
  await looksRight(page, 1);
});

await check("without scripts", one, { scripts: false }, async (page) => {
  assert.ok(await seen(page, ".ranking tbody tr") > 100, "all tables are there");
  assert.equal(await seen(page, "#choices"), 0);
});

await browser.close();
console.log(`${checks} checks`);
