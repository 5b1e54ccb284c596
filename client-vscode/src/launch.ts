/** How the server is started: the one that the setting names, an installed one, or the one of this extension. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { workspace } from "vscode";
import type { LogOutputChannel } from "vscode";
import type { Executable } from "vscode-languageclient/node";
import { TransportKind } from "vscode-languageclient/node";
import { findInterpreter, ISOLATED } from "./interpreter";
import type { Tried } from "./interpreter";

/** There is no Python to start the server with. */
export class NoPythonError extends Error {
  constructor(readonly tried: readonly Tried[]) {
    super(tried.map((each) => ("problem" in each ? `${each.asked} ${each.problem}` : each.asked)).join(", "));
  }
}

/** The command that starts the server. Throws NoPythonError. */
export async function launch(extension: string, log: LogOutputChannel): Promise<Executable> {
  const own = workspace.getConfiguration("deadweight").get<string>("server")?.trim();
  if (own) {
    log.info(`starting ${own}, as the setting deadweight.server says`);
    return executable(own, ["server"], extension);
  }
  const bundled = path.join(extension, "bundled");
  if (!existsSync(path.join(bundled, "compiled")) && (await isInstalled(extension))) {
    log.info("starting the deadweight that is installed: this build of the extension is for any platform");
    return executable("deadweight", ["server"], extension);
  }
  const { found, tried } = await findInterpreter(extension);
  for (const each of tried) {
    log.info("problem" in each ? `${each.asked} ${each.problem}` : `${each.executable} is Python ${each.version}`);
  }
  if (!found) {
    throw new NoPythonError(tried);
  }
  return executable(found.executable, [...ISOLATED, path.join(bundled, "deadweight_server.py")], extension);
}

/** The working folder is never one of the workspace: Windows looks for programs there first. */
function executable(command: string, args: string[], folder: string): Executable {
  return { command, args, transport: TransportKind.stdio, options: { cwd: folder } };
}

function isInstalled(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("deadweight", ["--version"], { cwd: folder, timeout: 10_000, windowsHide: true }, (error, stdout) =>
      resolve(!error && stdout.startsWith("deadweight ")),
    );
  });
}
