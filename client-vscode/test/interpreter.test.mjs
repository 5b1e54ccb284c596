// Which Pythons are tried, what is said of one that does not do, and what breaks when a server ends: src/interpreter.ts and
// src/server.ts, beside a VS Code that has nothing but settings and extensions of a test.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
const stdin = { contents: 'export * from "./src/interpreter"; export * from "./src/server";', resolveDir: "." };
await build({ stdin, outfile, alias, bundle: true, platform: "node", format: "esm" });
const { isOfPipe, pythons, Server } = await import(pathToFileURL(outfile));

/** Puts a script in the PATH that says on stderr what the server would say by this Python, and ends. */
function python(name, said = "", code = 0) {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\nprintf '${said}' >&2\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The Pythons that would be tried. */
async function tried() {
  const all = [];
  for await (const command of pythons()) {
    all.push(command.join(" "));
  }
  return all;
}

/** What comes of a start: the problem with it, if it is one of the Python's, and what is logged. */
async function startBy(program, command = { python: "python3" }) {
  const logged = [];
  const log = Object.fromEntries(["info", "warn", "error"].map((level) => [level, (line) => logged.push([level, line])]));
  const server = new Server({ program, args: [], ...command }, folder, log);
  try {
    server.listen((await server.start()).stderr);
    return [await server.problem(new Error("ended")), logged];
  } catch (error) {
    return [await server.problem(error), logged];
  }
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

const environments = (path) => ({ getActiveEnvironmentPath: () => ({ path }) });
const extension = (path) => ({ activate: async () => ({ environments: environments(path) }) });

test("the setting goes before the Python extension, and that before the PATH", async () => {
  vscode.settings.interpreter = " /opt/my python ";
  vscode.extensions["ms-python.python"] = extension("/env/bin/python");
  const path = python("python3");
  assert.deepEqual(await tried(), ["/opt/my python", "/env/bin/python", path]);
});

test("a Python extension that fails, or takes its time, holds nobody up", async () => {
  const path = python("python3");
  const [fails, hangs, says] = [() => Promise.reject(new Error("broken")), () => new Promise(() => {}), async () => {}];
  for (const activate of [fails, hangs, says]) {
    vscode.extensions["ms-python.python"] = { activate };
    assert.deepEqual(await tried(), [path]);
  }
});

test("programs go before scripts that look for one, each once and by any name", async () => {
  const script = python("python3");
  const program = join(bin, "python3.12");
  symlinkSync(process.execPath, program);
  symlinkSync(bin, join(bin, "again"));
  python("python3.11");
  process.env.PATH = `relative:${bin}:${join(bin, "again")}:${join(bin, "gone")}`;
  assert.deepEqual(await tried(), [program, script]);
});

test("where there is none, none is tried", async () => {
  assert.deepEqual(await tried(), []);
});

test("a Python that does not do says why", async () => {
  assert.deepEqual(await startBy(join(bin, "gone")), ["was not found", []]);
  assert.deepEqual(await startBy(folder), ["cannot be started", []]);
  assert.deepEqual(await startBy(python("old", "Python 3.8.10 is too old\\n", 1)), ["is Python 3.8.10", []]);
  assert.deepEqual(await startBy(python("other", "Unknown option: -I\\n", 2)), ["is no Python 3", []]);
});

test("a server that fails has no problem with its Python, and says why in the log", async () => {
  const path = python("python3", "Python 3.13.1 starts\\r\\nNo module named deadweight\\n", 1);
  const logged = [
    ["info", "python3 is Python 3.13.1"],
    ["error", "No module named deadweight"],
  ];
  assert.deepEqual(await startBy(path), [undefined, logged]);
  const other = { python: undefined };
  assert.deepEqual(await startBy(python("deadweight", "no\\n"), other), [undefined, []]);
  assert.deepEqual(await startBy(join(bin, "gone"), other), [undefined, []]);
});

test("what is written to a server that has ended breaks the pipe, which is no fault of what it says", async () => {
  const server = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"]);
  await once(server, "spawn");
  const broken = once(server.stdin, "error");
  server.kill("SIGKILL");
  const writing = setInterval(() => server.stdin.write("Content-Length: 2\r\n\r\n{}"), 1);
  const [error] = await broken;
  clearInterval(writing);
  assert(isOfPipe(error), error.code);
  assert(!isOfPipe(new SyntaxError("Unexpected token in JSON")));
  assert(!isOfPipe(Object.assign(new TypeError("no UTF-8"), { code: "ERR_ENCODING_INVALID_ENCODED_DATA" })));
});
