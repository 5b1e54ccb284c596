/** How the server may be started: as the setting says, as it is installed, or as this extension brings it. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { workspace } from "vscode";
import type { LogOutputChannel } from "vscode";
import { ISOLATED, pythons } from "./interpreter";
import type { Command } from "./server";

/** The commands to try, one after the other. */
export async function* waysToStart(extension: string, log: LogOutputChannel): AsyncGenerator<Command> {
  const own = workspace.getConfiguration("deadweight").get<string>("server")?.trim();
  if (own) {
    log.info(`starting ${own}, as the setting deadweight.server says`);
    yield { program: own, args: ["server", "--stdio"] };
    return;
  }
  const bundled = path.join(extension, "bundled");
  if (!existsSync(path.join(bundled, "compiled")) && (await isInstalled(extension))) {
    log.info("starting the deadweight that is installed: this build of the extension is for any platform");
    yield { program: "deadweight", args: ["server", "--stdio"] };
    return;
  }
  const script = path.join(bundled, "deadweight_server.py");
  for await (const [program, ...before] of pythons()) {
    yield { program, args: [...before, ...ISOLATED, script, "--stdio"], python: [program, ...before].join(" ") };
  }
}

function isInstalled(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("deadweight", ["--version"], { cwd: folder, timeout: 10_000, windowsHide: true }, (error, stdout) =>
      resolve(!error && stdout.startsWith("deadweight ")),
    );
  });
}
