/**
 * Which Python runs the server. Any of 3.10 or newer does: the server is started isolated and brings all it needs. So
 * the first that answers is taken, in this order: the setting, the choice of the Python extension where that is
 * installed, and what PATH has.
 */

import { execFile } from "node:child_process";
import * as path from "node:path";
import { extensions, workspace } from "vscode";
import type { Uri } from "vscode";

export const OLDEST: readonly [number, number] = [3, 10];

/** Isolated: without the variables, the folder and the site-packages of the user, whatever is broken in them. */
export const ISOLATED = ["-I", "-S"];

// `py` is the launcher that comes with Python on Windows, where `python3` may be a signpost to a shop.
const ON_PATH = [["python3"], ["python"], ...(process.platform === "win32" ? [["py", "-3"]] : [])];

const MILLISECONDS = { answer: 10_000, pythonExtension: 1_000 };

/** A Python that was tried: where it is and its version, or why it is of no use. */
export type Tried =
  | { asked: string; executable: string; version: string }
  | { asked: string; problem: string };

export type Interpreter = Extract<Tried, { executable: string }>;

/** The Python to use, or undefined; `tried` are those that were asked, with what they said. */
export async function findInterpreter(folder: string): Promise<{ found?: Interpreter; tried: Tried[] }> {
  const tried: Tried[] = [];
  for await (const command of candidates()) {
    const answer = await ask(command, folder);
    tried.push(answer);
    if ("executable" in answer) {
      return { found: answer, tried };
    }
  }
  return { tried };
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
  yield* ON_PATH;
}

/** Asks a Python for its version; one that is none, or is too old, says why. */
function ask([command = "", ...before]: readonly string[], folder: string): Promise<Tried> {
  const asked = [command, ...before].join(" ");
  const code = "import sys; print('%d\\n%d\\n%d\\n%s' % (sys.version_info[:3] + (sys.executable,)))";
  return new Promise((resolve) => {
    // Never from a folder of the workspace: Windows looks for programs there first.
    const options = { cwd: folder, timeout: MILLISECONDS.answer, windowsHide: true };
    execFile(command, [...before, ...ISOLATED, "-c", code], options, (error, stdout) => {
      const [major, minor, micro, executable] = stdout.split(/\r?\n/);
      const version = `${major}.${minor}.${micro}`;
      if (!/^\d+\.\d+\.\d+$/.test(version) || !executable) {
        resolve({ asked, problem: reason(error) });
      } else if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1])) {
        resolve({ asked, problem: `is Python ${version}` });
      } else {
        resolve({ asked, executable: path.normalize(executable), version });
      }
    });
  });
}

function reason(error: (Error & { code?: unknown; killed?: boolean }) | null): string {
  if (error?.code === "ENOENT") {
    return "was not found";
  }
  return error?.killed ? "does not answer" : "is no Python 3";
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
