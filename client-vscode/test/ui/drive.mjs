// What a person would see and do in VS Code, step by step, each with what has to be there.
//     node drive.mjs PORT FOLDER PICTURES DRIVER
// DRIVER is the folder with playwright-core.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [port, folder, pictures, driver] = process.argv.slice(2);
const { chromium } = createRequire(join(driver, "package.json"))("playwright-core");
const PATIENCE = Number(process.env.PATIENCE ?? 180) * 1000; // milliseconds for anything: the machine may be busy

const started = Date.now();
const say = (...words) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s `, ...words);

const options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: options });
const context = await browser.newContext({ viewport: { width: 1200, height: 640 } });
context.setDefaultTimeout(PATIENCE);
await context.route((url) => !["127.0.0.1", "localhost"].includes(url.hostname), (route) => route.abort());
const page = await context.newPage();

// --- what is on the page ---

const editor = () => page.locator(".editor-group-container.active .monaco-editor .view-lines").first();
const plain = (text) => text.replace(/\s+/g, " "); // spaces of several kinds are one
const dense = (text) => text.replace(/ /g, ""); // what stands between a line and its hint is no space
const lines = async () => (await editor().locator(".view-line").allInnerTexts()).map(plain);
const rows = page.locator(".action-widget .monaco-list-row.action");
const item = page.locator(".statusbar-item", { hasText: /\d (MB|GB)/ });
const squiggles = page.locator(".squiggly-warning, .squiggly-info, .squiggly-error");

/** How many findings the status bar counts: errors, warnings and information. */
async function findings() {
  const counts = plain(await page.locator("[id='status.problems']").innerText()).match(/\d+/g);
  return counts.map(Number).reduce((sum, each) => sum + each, 0);
}

async function until(what, isSo) {
  for (const end = Date.now() + PATIENCE; !(await isSo().catch(() => false)); ) {
    assert(Date.now() < end, `waited in vain until ${what}`);
    await page.waitForTimeout(100);
  }
  say(what);
}

const shows = (...texts) =>
  until(`the editor shows ${texts.join(", ")}`, async () => {
    const all = dense((await lines()).join("\n"));
    return texts.every((text) => all.includes(dense(text)));
  });

async function picture(name) {
  await page.mouse.move(2, 2);
  await page.waitForTimeout(700); // what fades in is there
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

// --- what a person does ---

async function goTo(line, column) {
  await page.keyboard.press("Control+g");
  await page.locator(".quick-input-widget input").first().fill(`:${line}:${column}`);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
}

async function command(title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input").first();
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor();
  await page.keyboard.press("Enter");
}

async function open(name, key = "Enter") {
  await page.keyboard.press("Control+p");
  await page.locator(".quick-input-widget input").first().fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press(key);
}

async function fixesAt(line, column) {
  await goTo(line, column);
  await until(`fixes are offered in line ${line}`, async () => {
    await page.keyboard.press("Control+.");
    await rows.first().waitFor({ timeout: 5000 });
    return true;
  });
  return (await rows.allInnerTexts()).map((text) => text.trim());
}

const choose = (title) => rows.filter({ hasText: title }).first().click();

/** Ticks and applies all that is previewed; of changes that nobody ticks VS Code carries out none. */
async function confirmed(name) {
  const preview = page.locator(".bulk-edit-panel");
  const box = preview.locator(".edit-checkbox[aria-checked=false]");
  await box.first().waitFor();
  say("the change is previewed");
  if (name) {
    await picture(name);
  }
  await box.first().click(); // that of the file, for all in it
  await box.first().waitFor({ state: "detached" });
  await preview.locator(".monaco-button", { hasText: "Apply" }).first().click();
}

// --- the steps ---

async function sizesAndFindings() {
  const file = `vscode-remote://127.0.0.1:${port}${folder}/Dockerfile`;
  const payload = encodeURIComponent(JSON.stringify([["openFile", file]]));
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}&payload=${payload}`, { waitUntil: "domcontentloaded" });
  await page.locator(".monaco-workbench .part.editor").waitFor();
  await page.locator(".monaco-editor .view-line").first().waitFor();
  say("the Dockerfile is open");
  await page.keyboard.press("Control+b"); // away with the side bar
  await until("findings are underlined", async () => (await squiggles.count()) >= 3 && (await findings()) === 4);
  await shows("FROM node:22 1.1 GB", "RUN npm install +140 MB", "COPY . . +41 MB");
  await item.waitFor();
  assert.match(await item.innerText(), /1\.3 GB/);
  await picture("sizes");
}

async function hover() {
  const box = await editor().locator(".view-line span", { hasText: /^node:22$|node/ }).first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const shown = page.locator(".monaco-hover:not(.hidden) .hover-contents");
  await until("the hover tells what the base image weighs", async () =>
    /saves about \d+ MB.*Smaller images/s.test((await shown.allInnerTexts()).join("\n")) && (await shown.count()) > 1);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(pictures, "hover.png") });
  await page.keyboard.press("Escape");
}

async function quickFix() {
  const before = await findings();
  const titles = await fixesAt(4, 8);
  assert(titles.some((title) => title.includes("npm cache clean")), titles.join(" | "));
  await picture("quick-fix");
  await choose("npm cache clean");
  await shows("npm cache clean --force");
  await until("one finding less", async () => (await findings()) === before - 1);
}

async function dockerignore() {
  await fixesAt(3, 3);
  await choose("Create .dockerignore");
  await confirmed();
  await until("the file is there", async () => existsSync(join(folder, ".dockerignore")));
  await shows("COPY . . +1.3 MB");
  await open(".dockerignore", "Control+Enter"); // beside the Dockerfile
  await shows(".git");
  assert.match(readFileSync(join(folder, ".dockerignore"), "utf-8"), /^\.git$/m);
  await until("what the pattern leaves out stands behind it", async () => /MB/.test((await lines()).join()));
  await page.getByText(/^Build context: .*MB/).first().waitFor();
  await picture("dockerignore");
  await page.getByRole("tab", { name: ".dockerignore" }).click({ button: "middle" }); // which closes it
  await editor().locator(".view-line").first().click();
}

async function refactoring() {
  await shows("FROM node:22");
  const titles = await fixesAt(1, 8);
  assert(titles.some((title) => /slim.*→ about \d+ MB/s.test(title)), titles.join(" | "));
  await choose("Convert to a multi-stage build");
  await confirmed("refactoring");
  await shows("FROM node:22 AS build", "COPY --from=build");
  await until("the status item follows", async () => !/GB/.test(await item.innerText()));
}

async function sizeReport() {
  await item.click();
  await page.locator(".tab", { hasText: "Preview" }).first().waitFor();
  const report = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  await report.getByText("The image:").first().waitFor();
  say("the size report can be read");
  await picture("size-report");
}

async function log() {
  await page.locator(".monaco-editor .view-line").first().click(); // out of the report
  await command("Deadweight: Show the Log");
  const shown = page.locator(".part.panel .view-lines").first();
  await until("the log is shown", async () => plain(await shown.innerText()).includes("first diagnostics"));
  const logs = join(folder, "..", "data", "logs");
  const file = readdirSync(logs, { recursive: true }).find((path) => path.endsWith("Deadweight.log"));
  const text = readFileSync(join(logs, file), "utf-8");
  console.log(text.replace(/^/gm, "          "));
  assert.match(text, /Dockerfile: first diagnostics \(\d+\) \d+ ms after it was opened/);
}

const steps = [sizesAndFindings, hover, quickFix, dockerignore, refactoring, sizeReport, log];
const chosen = process.env.STEPS?.split(",");
for (const step of steps.filter(({ name }) => !chosen || chosen.includes(name))) {
  try {
    await step();
    say(`${step.name}: ok`);
  } catch (error) {
    say(`${step.name}: ${error.message}`);
    console.log(JSON.stringify(await lines()));
    await page.screenshot({ path: join(folder, "..", "failed.png") });
    await browser.close();
    process.exit(1);
  }
}
await browser.close();
