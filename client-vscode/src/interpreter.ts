/**
 * Which Python runs the server. Any of 3.10 or newer does: the server is started isolated and brings all it needs. So
 * none is asked beforehand. The server itself is started, and the first that it says is whether this Python will do. The
 * order is: the setting, the choice of the Python extension where that is installed, and what PATH has.
 */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from "node:fs";
import * as path from "node:path";
import { extensions, workspace } from "vscode";
import type { Uri } from "vscode";

export const OLDEST = "3.10";

/** Isolated: without the variables, the folder and the site-packages of the user, whatever is broken in them. */
const ISOLATED = ["-I", "-S"];

const NAMES = ["python3", "python"];
/** Beside a `python3` of the system's own that is too old. */
const NEWER_NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

const MILLISECONDS = { answer: 10_000, pythonExtension: 1_000 };

/** A Python that was tried: the server that it has started, or why it is of no use. */
export type Tried = { command: string } & (
  | { version: string; server: ChildProcess }
  | { problem: string }
);

/** Starts a script by the first Python that can; gives all that were tried, that one as the last. */
export async function startByFirst(script: string, folder: string): Promise<Tried[]> {
  const tried: Tried[] = [];
  for await (const command of candidates()) {
    const answer = await start(command, script, folder);
    tried.push(answer);
    if ("server" in answer) {
      break;
    }
  }
  return tried;
}

async function* candidates(): AsyncGenerator<readonly string[]> {
  const chosen = workspace.getConfiguration("deadweight").get<string>("interpreter")?.trim();
  if (chosen) {
    yield [chosen];
  }
  const active = await activeEnvironment();
  if (active) {
    yield [active];
  }
  if (process.platform === "win32") {
    // `py` is the launcher that comes with Python; `python3` may be a signpost to a shop.
    yield* [["python3"], ["python"], ["py", "-3"]];
  } else {
    yield* onPath();
  }
}

/**
 * What PATH has. Stand-ins come last: they look for a Python each time, which takes as long as the start of the server,
 * and here one is as good as another.
 */
function* onPath(): Generator<readonly string[]> {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const seen = new Set<string>(); // a folder may be there by several names, as /bin and /usr/bin
  const standIns: string[] = [];
  for (const name of [...NAMES, ...NEWER_NAMES]) {
    for (const folder of folders) {
      const program = isExecutable(path.join(folder, name)) && path.join(realpathSync(folder), name);
      if (!program || seen.has(program)) {
        continue;
      }
      seen.add(program);
      if (!isStandIn(program)) {
        yield [program];
      } else if (NAMES.includes(name)) {
        standIns.push(program);
      }
    }
  }
  yield* standIns.map((program) => [program]);
}

function isExecutable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is a script, as those of pyenv, or what macOS has where its developer tools would be. */
function isStandIn(program: string): boolean {
  if (process.platform === "darwin" && path.dirname(program) === "/usr/bin") {
    return true;
  }
  const start = Buffer.alloc(2);
  try {
    const file = openSync(program, "r");
    readSync(file, start);
    closeSync(file);
  } catch {
    return false; // it can be executed and not read
  }
  return start.toString() === "#!";
}

/** Starts a script by a Python, and waits for its first line on stderr, see bundled/deadweight_server.py. */
function start([command = "", ...before]: readonly string[], script: string, folder: string): Promise<Tried> {
  return new Promise((resolve) => {
    // Never from a folder of the workspace: Windows looks for programs there first.
    const server = spawn(command, [...before, ...ISOLATED, script, "--stdio"], { cwd: folder, windowsHide: true });
    const name = [command, ...before].join(" ");
    const late = setTimeout(() => {
      refuse("does not answer");
      server.kill();
    }, MILLISECONDS.answer);
    let said = "";

    const refuse = (problem: string): void => {
      clearTimeout(late);
      resolve({ command: name, problem });
    };
    const reason = (): string => {
      const [, version] = /^Python (\S+) is too old/.exec(said) ?? [];
      return version ? `is Python ${version}` : "is no Python 3";
    };
    const listen = (text: Buffer): void => {
      said += text.toString();
      const [line, version] = /^Python (\S+) starts\r?\n/.exec(said) ?? [];
      if (line && version) {
        clearTimeout(late);
        server.stderr.off("data", listen).pause();
        if (said.length > line.length) {
          server.stderr.unshift(Buffer.from(said.slice(line.length))); // for the log
        }
        resolve({ command: name, version, server });
      }
    };
    server.stderr.on("data", listen);
    server.stdin.on("error", () => {}); // of a server that is gone: `close` tells
    server.on("error", (error: NodeJS.ErrnoException) =>
      refuse(error.code === "ENOENT" ? "was not found" : "cannot be started"),
    );
    server.on("close", () => refuse(reason()));
  });
}

/** As much as we use of the interface of the Python extension. */
interface PythonExtension {
  environments?: { getActiveEnvironmentPath(resource?: Uri): { path: string } | undefined };
}

/** What is chosen in the Python extension; nothing where that is not installed, or takes its time to start. */
async function activeEnvironment(): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonExtension>("ms-python.python");
  if (!extension) {
    return undefined;
  }
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, MILLISECONDS.pythonExtension, undefined));
  try {
    const python = await Promise.race([extension.activate(), late]);
    return python?.environments?.getActiveEnvironmentPath()?.path;
  } catch {
    return undefined;
  }
}
