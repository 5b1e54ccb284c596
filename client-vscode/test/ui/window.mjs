// A window of VS Code: what is to be seen there, and what a person does. The arguments are PORT FOLDER PICTURES DRIVER, the
// last the folder with playwright-core.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

export const [port, folder, pictures, driver] = process.argv.slice(2);
const { chromium } = createRequire(join(driver, "package.json"))("playwright-core");
const PATIENCE = Number(process.env.PATIENCE ?? 180) * 1000; // milliseconds for anything: the machine may be busy

const started = Date.now();
export const say = (...words) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s `, ...words);

const options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: options });
const context = await browser.newContext({ viewport: { width: 1200, height: 640 } });
context.setDefaultTimeout(PATIENCE);
await context.route((url) => !["127.0.0.1", "localhost"].includes(url.hostname), (route) => route.abort());
export const page = await context.newPage();

// --- what is on the page ---

export const editor = () => page.locator(".editor-group-container.active .monaco-editor .view-lines").first();
export const plain = (text) => text.replace(/\s+/g, " "); // spaces of several kinds are one
const dense = (text) => text.replace(/ /g, ""); // what stands between a line and its hint is no space
export const lines = async () => (await editor().locator(".view-line").allInnerTexts()).map(plain);
const rows = page.locator(".action-widget .monaco-list-row.action");
export const item = page.locator(".statusbar-item", { hasText: /\d (MB|GB)/ });
export const squiggles = page.locator(".squiggly-warning, .squiggly-info, .squiggly-error");

/** How many findings the status bar counts: errors, warnings and information. */
export async function findings() {
  const counts = plain(await page.locator("[id='status.problems']").innerText()).match(/\d+/g);
  return counts.map(Number).reduce((sum, each) => sum + each, 0);
}

export async function until(what, isSo) {
  for (const end = Date.now() + PATIENCE; !(await isSo().catch(() => false)); ) {
    assert(Date.now() < end, `waited in vain until ${what}`);
    await page.waitForTimeout(100);
  }
  say(what);
}

export const shows = (...texts) =>
  until(`the editor shows ${texts.join(", ")}`, async () => {
    const all = dense((await lines()).join("\n"));
    return texts.every((text) => all.includes(dense(text)));
  });

export async function picture(name) {
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

export async function command(title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input").first();
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor();
  await page.keyboard.press("Enter");
}

export async function open(name, key = "Enter") {
  await page.keyboard.press("Control+p");
  await page.locator(".quick-input-widget input").first().fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press(key);
}

export async function fixesAt(line, column) {
  await goTo(line, column);
  await until(`fixes are offered in line ${line}`, async () => {
    await page.keyboard.press("Control+.");
    await rows.first().waitFor({ timeout: 5000 });
    return true;
  });
  return (await rows.allInnerTexts()).map((text) => text.trim());
}

export const choose = (title) => rows.filter({ hasText: title }).first().click();

/** Ticks and applies all that is previewed; of changes that nobody ticks VS Code carries out none. */
export async function confirmed(name) {
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

/** The log lies open, and has something to say. */
export async function showsInLog(pattern) {
  const shown = page.locator(".part.panel .view-lines").first();
  await until(`the log says ${pattern}`, async () => pattern.test(plain(await shown.innerText())));
}

/** A new window, with the folder of the example and no file open. */
export async function openFolder() {
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`, { waitUntil: "domcontentloaded" });
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "Dockerfile" }).waitFor();
  await page.locator("[id='status.problems']").waitFor();
  say("the folder is open");
}

/** A new window, with the Dockerfile of the example in it and nothing else. */
export async function openWindow() {
  const file = `vscode-remote://127.0.0.1:${port}${folder}/Dockerfile`;
  const payload = encodeURIComponent(JSON.stringify([["openFile", file]]));
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}&payload=${payload}`, { waitUntil: "domcontentloaded" });
  await page.locator(".monaco-workbench .part.editor").waitFor();
  await page.locator(".monaco-editor .view-line").first().waitFor();
  say("the Dockerfile is open");
  await page.keyboard.press("Control+b"); // away with the side bar
}

/** Carries out steps; of those the ones that STEPS names, if it names any. Ends with the first that fails. */
export async function carryOut(steps) {
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
}
