// The chat in two browser windows (headless Chromium) against the real binary. Screenshots: build/test/chat-*.png.
import assert from "node:assert/strict";
import { SHOTS, launch, run, serve, stop } from "../support/browser.mjs";

let server = await serve("apps/chat");
const browser = await launch();
const faults = [];

async function open(options, name, room = "harbour") {
  const page = await (await browser.newContext(options)).newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`http://${server.address}/`);
  await page.fill("input[name=name]", name);
  await page.fill("input[name=room]", room);
  await page.click("#join button");
  return page;
}

const connected = (page) => page.waitForSelector("#status[data-state=open]");
const said = (page, text) => page.waitForFunction((t) => [...document.querySelectorAll(".message .text")].some((e) => e.textContent === t), text);
const say = async (page, text) => {
  await page.fill("#say textarea", text);
  await page.press("#say textarea", "Enter");
};
const shot = (page, name) => page.screenshot({ path: `${SHOTS}/chat-${name}.png` });
const names = (page) => page.$$eval("#members li", (items) => items.map((item) => item.textContent));

const desktop = { viewport: { width: 1200, height: 760 } };
const phone = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: "dark" };
let ada, ben;

const tests = [
  ["two people see each other", async () => {
    ada = await open(desktop, "Ada");
    await connected(ada);
    ben = await open(phone, "Ben");
    await connected(ben);
    await ada.waitForFunction(() => document.querySelector("#count").textContent === "2");
    assert.deepEqual(await names(ada), ["Ada (you)", "Ben"]);
    assert.deepEqual(await names(ben), ["Ada", "Ben (you)"]);
  }],
  ["what one says the other reads, markup as text", async () => {
    await say(ada, "Hello Ben, the tide is in.");
    await said(ben, "Hello Ben, the tide is in.");
    await say(ben, "Hello Ada! 🌊 <b>not bold</b>");
    await said(ada, "Hello Ada! 🌊 <b>not bold</b>");
    assert.equal(await ada.$$eval(".message b", (list) => list.length), 0);
    assert.equal(await ben.$$eval(".message.mine", (list) => list.length), 1);
    for (const text of ["How long does it stay like this?", "Long enough for a swim, and then some: the ebb sets in at four, so bring a towel and be quick about it."]) await say(ada, text);
    await said(ben, "How long does it stay like this?");
  }],
  ["it looks right on a desktop and a phone", async () => {
    await said(ben, "Long enough for a swim, and then some: the ebb sets in at four, so bring a towel and be quick about it.");
    await shot(ada, "desktop");
    await shot(ben, "phone");
    await ben.click("#people");
    await ben.waitForSelector("#members.open");
    await shot(ben, "phone-members");
    await ben.click("#messages", { position: { x: 40, y: 200 } }); // beside the list
    for (const page of [ada, ben]) {
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out sideways");
      assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight + 1), "only the messages scroll");
    }
  }],
  ["who comes later sees what was said", async () => {
    const cleo = await open(desktop, "Cleo");
    await said(cleo, "Hello Ben, the tide is in.");
    await ada.waitForFunction(() => document.querySelector("#count").textContent === "3");
    await cleo.context().close();
    await ada.waitForFunction(() => document.querySelector("#count").textContent === "2");
    assert.ok((await ada.$$eval(".note", (notes) => notes.map((n) => n.textContent))).includes("Cleo has left"));
  }],
  ["the last 50 messages are kept, and none is shown twice", async () => {
    for (let i = 1; i <= 60; i++) await say(ada, `line ${i}`);
    await said(ben, "line 60");
    const dora = await open(desktop, "Dora");
    await said(dora, "line 60");
    const texts = await dora.$$eval(".message .text", (list) => list.map((e) => e.textContent));
    assert.deepEqual(texts, Array.from({ length: 50 }, (_, i) => `line ${i + 11}`));
    assert.ok(await dora.$eval("#messages", (e) => e.scrollHeight - e.scrollTop - e.clientHeight < 4), "the last message is in view");
    await dora.context().close();
  }],
  ["a name that is taken is refused at the door", async () => {
    const other = await open(phone, "Ada");
    await other.waitForSelector("#join-error:not([hidden])");
    assert.match(await other.textContent("#join-error"), /called Ada already/);
    await other.waitForSelector("#rooms button");
    assert.match(await other.textContent("#rooms"), /harbour 2/);
    await shot(other, "door");
    await other.context().close();
  }],
  ["after the server restarts everybody is back by themselves, and can talk", async () => {
    const { address } = server;
    await ben.fill("#say textarea", "typed before");
    await stop(server);
    await ada.waitForSelector("#status[data-state=waiting]");
    await shot(ada, "reconnecting");
    server = await serve("apps/chat", address);
    await connected(ada);
    await connected(ben);
    assert.equal(await ben.inputValue("#say textarea"), "typed before");
    await say(ada, "and we are back");
    await said(ben, "and we are back");
    await ada.waitForFunction(() => document.querySelector("#count").textContent === "2");
  }],
  ["what is not sent stays in the field, with the reason", async () => {
    await ben.evaluate(() => { document.querySelector("#say textarea").maxLength = 100000; });
    await ben.fill("#say textarea", "x".repeat(2001));
    await ben.press("#say textarea", "Enter");
    await ben.waitForSelector("#banner:not([hidden])");
    assert.match(await ben.textContent("#banner"), /no more than 2000 characters/);
    assert.equal((await ben.inputValue("#say textarea")).length, 2001);
    await shot(ben, "error");
    await say(ben, "shorter");
    await said(ada, "shorter");
    await ben.waitForSelector("#banner", { state: "hidden" }); // Ada may have it before Ben has his answer
  }],
  ["leaving leads back to the door", async () => {
    await ben.click("#leave");
    await ben.waitForSelector("#lobby:not([hidden])");
    await ada.waitForFunction(() => document.querySelector("#count").textContent === "1");
  }],
  ["no script failed", async () => assert.deepEqual(faults, [])],
];

const failed = await run(tests, async () => {
  for (const [name, page] of [["ada", ada], ["ben", ben]]) await page?.screenshot({ path: `${SHOTS}/chat-failed-${name}.png` }).catch(() => {});
});
await browser.close();
await stop(server).catch(() => {});
process.exit(failed ? 1 : 0);
