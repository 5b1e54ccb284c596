/** How the server is started: the one that the setting names, an installed one, or the one of this extension. */

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { workspace } from "vscode";
import type { LogOutputChannel } from "vscode";
import { OLDEST, startByFirst } from "./interpreter";

/** There is no Python to start the server with. */
export class NoPythonError extends Error {}

/** A server that has been started. Throws NoPythonError. */
export async function launch(extension: string, log: LogOutputChannel): Promise<ChildProcess> {
  const own = workspace.getConfiguration("deadweight").get<string>("server")?.trim();
  if (own) {
    log.info(`starting ${own}, as the setting deadweight.server says`);
    return started(own, extension);
  }
  const bundled = path.join(extension, "bundled");
  if (!existsSync(path.join(bundled, "compiled")) && (await isInstalled(extension))) {
    log.info("starting the deadweight that is installed: this build of the extension is for any platform");
    return started("deadweight", extension);
  }
  const tried = await startByFirst(path.join(bundled, "deadweight_server.py"), extension);
  const problems = tried.flatMap((each) => ("problem" in each ? [`${each.command} ${each.problem}`] : []));
  const last = tried.at(-1);
  if (!last || !("server" in last)) {
    const found = problems.join(", ") || "there is none on the PATH";
    throw new NoPythonError(`Deadweight needs Python ${OLDEST} or newer: ${found}.`);
  }
  problems.forEach((problem) => log.warn(problem));
  log.info(`${last.command} is Python ${last.version}`);
  return last.server;
}

/** The working folder is never one of the workspace: Windows looks for programs there first. */
function started(program: string, folder: string): Promise<ChildProcess> {
  const server = spawn(program, ["server", "--stdio"], { cwd: folder, windowsHide: true });
  return new Promise((resolve, reject) => {
    server.on("spawn", () => resolve(server));
    server.on("error", reject);
  });
}

function isInstalled(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("deadweight", ["--version"], { cwd: folder, timeout: 10_000, windowsHide: true }, (error, stdout) =>
      resolve(!error && stdout.startsWith("deadweight ")),
    );
  });
}
