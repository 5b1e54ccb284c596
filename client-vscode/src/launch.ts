/** How the server is started: the one that the setting names, an installed one, or the one of this extension. */

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { workspace } from "vscode";
import type { LogOutputChannel } from "vscode";
import { startByFirst } from "./interpreter";

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
  const said: string[] = [];
  for (const each of await startByFirst(path.join(bundled, "deadweight_server.py"), extension)) {
    if ("server" in each) {
      log.info(`${each.command} is Python ${each.version}`);
      return each.server;
    }
    said.push(`${each.command} ${each.problem}`);
    log.info(`${each.command} ${each.problem}`);
  }
  throw new NoPythonError(said.join(", ") || "there is none on the PATH");
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
