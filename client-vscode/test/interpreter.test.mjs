// Which Python is taken: src/interpreter.ts beside a VS Code that has nothing but settings and extensions of a test.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
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
const { startByFirst } = await import(pathToFileURL(outfile));

/** Puts a script in the PATH that says on stderr what the server would say by this Python, and ends. */
function python(name, said, code = 0) {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\nprintf '${said}' >&2\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What is tried, each with its version or its problem. */
async function tried() {
  const all = await startByFirst("server.py", folder);
  return all.map(({ command, version, problem }) => [command, version ?? problem]);
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

const FINE = "Python 3.13.1 starts\\n";
const environments = (path) => ({ getActiveEnvironmentPath: () => ({ path }) });
const extension = (path) => ({ activate: async () => ({ environments: environments(path) }) });

test("the setting goes before all others", async () => {
  const chosen = python("chosen", FINE);
  vscode.settings.interpreter = ` ${chosen} `;
  vscode.extensions["ms-python.python"] = extension(python("active", FINE));
  python("python3", FINE);
  assert.deepEqual(await tried(), [[chosen, "3.13.1"]]);
});

test("what is chosen in the Python extension goes before the PATH", async () => {
  const active = python("active", FINE);
  vscode.extensions["ms-python.python"] = extension(active);
  python("python3", FINE);
  assert.deepEqual(await tried(), [[active, "3.13.1"]]);
});

test("a Python extension that fails, or takes its time, holds nobody up", async () => {
  const path = python("python3", FINE);
  const [fails, hangs, says] = [() => Promise.reject(new Error("broken")), () => new Promise(() => {}), async () => {}];
  for (const activate of [fails, hangs, says]) {
    vscode.extensions["ms-python.python"] = { activate };
    assert.deepEqual(await tried(), [[path, "3.13.1"]]);
  }
});

test("one that is too old is passed over", async () => {
  const old = python("python3", "Python 3.8.10 is too old\\n", 1);
  const path = python("python", FINE);
  assert.deepEqual(await tried(), [
    [old, "is Python 3.8.10"],
    [path, "3.13.1"],
  ]);
});

test("programs go before scripts that look for one, each once and by any name", async () => {
  const script = python("python3", FINE);
  const program = join(bin, "python3.12");
  symlinkSync(process.execPath, program);
  symlinkSync(bin, join(bin, "again"));
  process.env.PATH = `relative:${bin}:${join(bin, "again")}:${join(bin, "gone")}`;
  assert.deepEqual(await tried(), [
    [program, "is no Python 3"],
    [script, "3.13.1"],
  ]);
});

test("where there is none, it says of each why", async () => {
  vscode.settings.interpreter = join(bin, "gone");
  const old = python("python3", "Unknown option: -I\\n", 2);
  assert.deepEqual(await tried(), [
    [vscode.settings.interpreter, "was not found"],
    [old, "is no Python 3"],
  ]);
  vscode.settings = {};
  process.env.PATH = folder;
  assert.deepEqual(await tried(), []);
});

test("what the server says after its first line is kept for the log", async () => {
  python("python3", `${FINE}No module named deadweight\\n`, 1);
  const [{ server }] = await startByFirst("server.py", folder);
  assert.equal(await text(server.stderr), "No module named deadweight\n");
});
