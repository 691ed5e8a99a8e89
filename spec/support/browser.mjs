// What browser specs share: the real binary on a database of its own, headless Chromium, and a runner that prints "N passed, N failed".
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const SHOTS = "build/test";
mkdirSync(SHOTS, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "tidewire-browser-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Start the server of an app; resolves with { child, address } once it listens. The database stays the same until the spec ends. */
export function serve(app, listen = "127.0.0.1:0") {
  const settings = ["--listen", listen, "--workers", "2", "--grace", "0", "--database", `sqlite:${folder}/app.sqlite3`];
  const child = spawn(process.env.TIDEWIRE_BIN ?? "build/tidewire", ["serve", app, ...settings], { stdio: ["ignore", "inherit", "pipe"] });
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "listening") resolve({ child, address: event.address });
      if (event.level === "error") console.log(line);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

export const stop = (server) => new Promise((resolve) => {
  server.child.on("exit", resolve);
  server.child.kill("SIGTERM");
});

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

/** Run [title, test] pairs in order; `on_failure` may take screenshots. Returns how many failed. */
export async function run(tests, on_failure) {
  let failed = 0;
  for (const [title, test] of tests) {
    try {
      await test();
      console.log(`ok ${title}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${title}: ${error.stack}`);
      await on_failure();
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  return failed;
}
