// The tutorial's chat in two browser windows (headless Chromium) against the real binary. Screenshots: build/test/tutorial-*.png.
import assert from "node:assert/strict";
import { SHOTS, launch, run, serve, stop } from "../support/browser.mjs";

let server = await serve("apps/tutorial");
const browser = await launch();
const faults = [];

async function open(user) {
  const page = await (await browser.newContext({ viewport: { width: 800, height: 600 } })).newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`http://${server.address}/?user=${user}`);
  await page.waitForFunction((name) => document.querySelector("#status").textContent === `You are ${name}.`, user);
  return page;
}

async function join(page, room) {
  await page.fill("#open input", room);
  await page.click("#open button");
  await page.waitForSelector("#say:not([hidden])");
}

async function say(page, text) {
  await page.fill("#say input", text);
  await page.press("#say input", "Enter");
}

const texts = (page) => page.$$eval("#messages li span", (list) => list.map((e) => e.textContent));
const said = (page, text) => page.waitForFunction((t) => [...document.querySelectorAll("#messages li span")].some((e) => e.textContent === t), text);

let ann, bob;

const tests = [
  ["two people join a room by its name, and see each other", async () => {
    ann = await open("ann");
    bob = await open("bob");
    await join(ann, "harbour");
    await join(bob, "harbour");
    for (const page of [ann, bob]) await page.waitForFunction(() => /ann/.test(document.querySelector("#users").textContent) && /bob/.test(document.querySelector("#users").textContent));
  }],
  ["what one says the other reads, markup as text", async () => {
    await say(ann, "Hello <b>Bob</b> 🌊");
    await said(bob, "Hello <b>Bob</b> 🌊");
    await say(bob, "Hello Ann");
    await said(ann, "Hello Ann");
    await ann.screenshot({ path: `${SHOTS}/tutorial.png` });
    assert.deepEqual(await texts(ann), ["Hello <b>Bob</b> 🌊", "Hello Ann"]);
  }],
  ["who comes after a restart of the server reads what was said", async () => {
    await stop(server);
    await ann.waitForFunction(() => /connection is closed/.test(document.querySelector("#status").textContent));
    server = await serve("apps/tutorial", server.address);
    const cat = await open("cat");
    await join(cat, "harbour");
    await said(cat, "Hello Ann");
    assert.deepEqual(await texts(cat), ["Hello <b>Bob</b> 🌊", "Hello Ann"]);
  }],
  ["no script failed", async () => assert.deepEqual(faults, [])],
];

const failed = await run(tests, async () => {
  for (const [name, page] of [["ann", ann], ["bob", bob]]) await page?.screenshot({ path: `${SHOTS}/tutorial-failed-${name}.png` }).catch(() => {});
});
await browser.close();
await stop(server).catch(() => {});
process.exit(failed ? 1 : 0);
