// What goes wrong, with the way out of it, and every command. PATH has no Python but one that is too old; BROKEN names one
// that would do, full of packages that fail.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  carryOut, command, findings, folder, openWindow, page, plain, say, shows, showsInLog, until,
} from "./window.mjs";

const broken = process.env.BROKEN;
const HISTORY = [
  ['CMD ["node" "dist/server.js"]', "0B"],
  ["EXPOSE map[3000/tcp:{}]", "0B"],
  ["RUN /bin/sh -c npm run build # buildkit", "20000B"],
  ["RUN /bin/sh -c npm install # buildkit", "123000000B"],
  ["COPY . . # buildkit", "41000000B"],
  ["WORKDIR /app", "0B"],
  ["# debian.sh --arch 'amd64' out/ 'bookworm'", "1000000000B"],
];
const notification = page.locator(".notification-toast");
const answer = (name) => notification.locator(".monaco-button", { hasText: name }).first().click();
const input = page.locator(".quick-input-widget input").first();
const logged = () => {
  const logs = join(folder, "..", "data", "logs");
  const file = readdirSync(logs, { recursive: true }).find((path) => path.endsWith("Deadweight.log"));
  return readFileSync(join(logs, file), "utf-8");
};
const starts = () => logged().match(/the server is ready/g).length;

/** The servers that run, but for those of a window of before, which may take a while to end. */
const servers = () => readdirSync("/proc").filter(isServer).map(Number).filter((id) => !ofOthers.has(id));

function isServer(id) {
  try {
    return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, "utf-8").startsWith(`${broken}\0`);
  } catch {
    return false; // it has ended meanwhile
  }
}
const ofOthers = new Set(readdirSync("/proc").filter(isServer).map(Number));
const shot = (name) => page.screenshot({ path: join(folder, "..", `${name}.png`) });

/** Types a path where VS Code asks for a file. */
async function typesPath(path, name) {
  await until("files are listed", async () => (await input.inputValue()).endsWith("/"));
  await page.waitForTimeout(1000); // VS Code writes its own folder once more
  await input.fill(path);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
}

async function isToldThatPythonIsTooOld() {
  await openWindow();
  await notification.waitFor();
  const text = plain(await notification.innerText());
  say(text);
  assert.match(text, /Deadweight needs Python 3\.10 or newer: \S+python3 is Python 3\.8\.10\./);
  await shot("too-old");
  await answer("Show Log");
  await showsInLog(/is Python 3\.8\.10/);
  await page.keyboard.press("Control+j"); // away with the panel
}

async function getsPython() {
  await command("Deadweight: Restart the Server");
  await notification.waitFor();
  await answer("Get Python");
  const asked = page.locator(".monaco-dialog-box");
  await until("VS Code asks before it leaves", async () => (await asked.innerText()).includes("www.python.org"));
  await shot("get-python");
  await asked.locator(".monaco-button", { hasText: "Cancel" }).click();
}

async function choosesPython() {
  await command("Deadweight: Restart the Server");
  await notification.waitFor();
  await answer("Choose Python");
  await typesPath(broken, "python");
  await until("findings are there, whatever packages the Python has", async () => (await findings()) === 4);
  const settings = readFileSync(join(folder, "..", "data", "Machine", "settings.json"), "utf-8");
  assert.equal(JSON.parse(settings)["deadweight.interpreter"], broken);
}

async function restarts() {
  const before = starts();
  await command("Deadweight: Restart the Server");
  await until("the server is another", async () => starts() === before + 1);
  await until("the one before has ended", async () => servers().length === 1);
  await until("findings are there again", async () => (await findings()) === 4);
}

/** Kills the server; whether another takes its place. */
async function kill() {
  await until("one server runs", async () => servers().length === 1);
  const before = logged().length;
  process.kill(servers()[0], "SIGKILL");
  await until("its end is noticed", async () => / is Python 3|crashed 5 times/.test(logged().slice(before)));
  return !/crashed 5 times/.test(logged().slice(before));
}

async function isBackAfterACrash() {
  assert(await kill());
  await shows("FROM node:22 1.1 GB");
}

async function isToldWhenItCrashesTooOften() {
  while (await kill());
  await notification.waitFor();
  assert.match(plain(await notification.innerText()), /server does not run; the log says why/);
  assert.equal(await notification.count(), 1);
  await answer("Try Again");
  await until("findings are there again", async () => (await findings()) === 4);
}

async function opensTheReport() {
  await command("Deadweight: Show the Size Report");
  await page.locator(".tab", { hasText: "Preview" }).first().waitFor();
  const report = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  await report.getByText("The image:").first().waitFor();
  await shot("report");
  await page.keyboard.press("Control+w");
  await page.locator(".monaco-editor .view-line").first().click();
}

async function opensTheRulePage() {
  await page.locator(".monaco-editor .view-line").first().click();
  await command("Deadweight: Open the Page of a Rule");
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await shot("rules");
  await input.fill("apt-lists-kept");
  await page.keyboard.press("Enter");
  const rule = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  await rule.getByText("apt-lists-kept").first().waitFor();
  await shot("rule");
  await page.keyboard.press("Control+w");
  await page.locator(".monaco-editor .view-line").first().click();
}

async function usesMeasuredSizes() {
  const file = join(folder, "..", "history.json");
  writeFileSync(file, HISTORY.map(([CreatedBy, Size]) => JSON.stringify({ CreatedBy, Size })).join("\n"));
  await command("Deadweight: Use Measured Sizes");
  await typesPath(file, "history.json");
  await shows("FROM node:22 1.0 GB", "RUN npm install +120 MB");
  await shot("measured");
  await command("Deadweight: Use Estimated Sizes Again");
  await shows("RUN npm install +140 MB");
}

async function fixesAll() {
  await command("Deadweight: Apply All Safe Fixes");
  await shows("npm cache clean --force");
  assert(existsSync(join(folder, ".dockerignore")) === false, "that is no safe fix");
  await shot("fix-all");
}

await carryOut([
  isToldThatPythonIsTooOld, getsPython, choosesPython, restarts, isBackAfterACrash, isToldWhenItCrashesTooOften,
  opensTheReport, opensTheRulePage, usesMeasuredSizes, fixesAll,
]);
