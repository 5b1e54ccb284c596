// What a person would see and do in VS Code, step by step, each with what has to be there; the pictures are the README's.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  carryOut, choose, command, confirmed, editor, findings, fixesAt, folder, item, lines, open, openFolder, openWindow,
  page, picture, pictures, say, shows, showsInLog, squiggles, until,
} from "./window.mjs";

async function openedByHand() {
  await openFolder();
  await open("Dockerfile");
  await until("findings are underlined", async () => (await squiggles.count()) >= 3);
}

async function sizesAndFindings() {
  await openWindow();
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
  await showsInLog(/Dockerfile: first diagnostics \(\d+\) \d+ ms after it was opened/);
}

await carryOut([openedByHand, sizesAndFindings, hover, quickFix, dockerignore, refactoring, sizeReport, log]);
