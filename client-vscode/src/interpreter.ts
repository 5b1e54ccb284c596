/**
 * Which Python runs the server. Any of 3.10 or newer does: the server is started isolated and brings all it needs. So
 * none is asked beforehand, and the first that starts it is taken. The order is: the setting, the choice of the Python
 * extension where that is installed, and what PATH has.
 */

import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from "node:fs";
import * as path from "node:path";
import { extensions, workspace } from "vscode";
import type { Uri } from "vscode";

export const OLDEST = "3.10";

/** Isolated: without the variables, the folder and the site-packages of the user, whatever is broken in them. */
export const ISOLATED = ["-I", "-S"];

const NAMES = ["python3", "python"];
/** Beside a `python3` of the system's own that is too old. */
const NEWER_NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

const PYTHON_EXTENSION_MILLISECONDS = 1_000;

/** The Pythons that may be there, in the order in which they are tried. */
export async function* pythons(): AsyncGenerator<readonly [string, ...string[]]> {
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
    yield* [["python3"], ["python"], ["py", "-3"]] as const;
  } else {
    yield* onPath();
  }
}

/**
 * What PATH has. Stand-ins come last: they look for a Python each time, which takes as long as the start of the server,
 * and here one is as good as another.
 */
function* onPath(): Generator<readonly [string, ...string[]]> {
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
  yield* standIns.map((program) => [program] as const);
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
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PYTHON_EXTENSION_MILLISECONDS, undefined));
  try {
    const python = await Promise.race([extension.activate(), late]);
    return python?.environments?.getActiveEnvironmentPath()?.path;
  } catch {
    return undefined;
  }
}
