// Which Python is taken: src/interpreter.ts beside a VS Code that has nothing but settings and extensions of a test.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "deadweight-"));
const bin = join(folder, "bin");
const vscode = (globalThis.vscode = { settings: {}, extensions: {} });
const PATH = process.env.PATH;

writeFileSync(
  join(folder, "vscode.mjs"),
  `export const workspace = { getConfiguration: () => ({ get: (name) => globalThis.vscode.settings[name] }) };
   export const extensions = { getExtension: (name) => globalThis.vscode.extensions[name] };`,
);
const outfile = join(folder, "interpreter.mjs");
const alias = { vscode: join(folder, "vscode.mjs") };
await build({ entryPoints: ["src/interpreter.ts"], outfile, alias, bundle: true, platform: "node", format: "esm" });
const { findInterpreter } = await import(pathToFileURL(outfile));

/** Puts a program on the PATH that answers as a Python of this version does, or says something else. */
function program(name, version) {
  const path = join(bin, name);
  const says = version ? `printf '%s\\n' ${version} '${path}'` : "echo no Python; exit 9";
  writeFileSync(path, `#!/bin/sh\n${says}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  process.env.PATH = bin;
  vscode.settings = {};
  vscode.extensions = {};
});

after(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

const VERSION = "3 13 1";
const environments = (path) => ({ getActiveEnvironmentPath: () => ({ path }) });
const python = (path) => ({ activate: async () => ({ environments: environments(path) }) });

test("the setting goes before all others", async () => {
  const chosen = program("chosen", VERSION);
  vscode.settings.interpreter = ` ${chosen} `;
  vscode.extensions["ms-python.python"] = python(program("active", VERSION));
  program("python3", VERSION);
  assert.equal((await findInterpreter(folder)).found.executable, chosen);
});

test("what is chosen in the Python extension goes before the PATH", async () => {
  const active = program("active", VERSION);
  vscode.extensions["ms-python.python"] = python(active);
  program("python3", VERSION);
  assert.equal((await findInterpreter(folder)).found.executable, active);
});

test("a Python extension that fails, or takes its time, holds nobody up", async () => {
  const path = program("python3", VERSION);
  const [fails, hangs, says] = [() => Promise.reject(new Error("broken")), () => new Promise(() => {}), async () => {}];
  for (const activate of [fails, hangs, says]) {
    vscode.extensions["ms-python.python"] = { activate };
    assert.equal((await findInterpreter(folder)).found.executable, path);
  }
});

test("one that is too old is passed over", async () => {
  program("python3", "3 8 10");
  const path = program("python", "3 10 0");
  const { found, tried } = await findInterpreter(folder);
  assert.deepEqual(found, { asked: "python", executable: path, version: "3.10.0" });
  assert.deepEqual(tried[0], { asked: "python3", problem: "is Python 3.8.10" });
});

test("where there is none, it says of each why", async () => {
  vscode.settings.interpreter = join(bin, "gone");
  program("python3", "2 7 18");
  program("python", "");
  const { found, tried } = await findInterpreter(folder);
  assert.equal(found, undefined);
  assert.deepEqual(
    tried.map((each) => each.problem),
    ["was not found", "is Python 2.7.18", "is no Python 3"],
  );
});
