/** A process of the server, and what it says of itself on stderr, see bundled/deadweight_server.py. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogOutputChannel } from "vscode";

/** The longest that a Python may take for its first line. */
const MILLISECONDS = 10_000;

/** How to start the server. */
export interface Command {
  program: string;
  args: readonly string[];
  /** The Python that is to start it; undefined where the program is a server that somebody else has installed. */
  python?: string;
}

/** Whether an error is of the pipe to a server, as when something is written to one that has ended: not of what it says. */
export const isOfPipe = (error: NodeJS.ErrnoException): boolean => /^(E[A-Z]+|ERR_STREAM_\w+)$/.test(error.code ?? "");

/** The server by one command. It is started when this is made, ahead of the client, and again after each crash. */
export class Server {
  private ahead: Promise<ChildProcess> | undefined;
  private process: ChildProcess | undefined;
  private ended: Promise<unknown> | undefined;
  private version: string | undefined;
  private refusal: string | undefined;

  constructor(
    readonly command: Command,
    private readonly folder: string,
    private readonly log: LogOutputChannel,
  ) {
    this.ahead = this.begin();
  }

  /** The one that is started ahead, or the next. */
  start(): Promise<ChildProcess> {
    const started = this.ahead ?? this.begin();
    this.ahead = undefined;
    return started;
  }

  private async begin(): Promise<ChildProcess> {
    const { program, args, python } = this.command;
    // Never from a folder of the workspace: Windows looks for programs there first.
    const started = (this.process = spawn(program, args, { cwd: this.folder, windowsHide: true }));
    this.version = this.refusal = undefined;
    const ended = (this.ended = new Promise((resolve) => started.on("close", resolve)));
    await once(started, "spawn");
    started.on("error", (error) => this.log.warn(String(error)));
    if (python !== undefined) {
      const late = setTimeout(() => {
        if (!this.version) {
          this.refusal = "does not answer";
          started.kill();
        }
      }, MILLISECONDS);
      void ended.then(() => clearTimeout(late));
    }
    return started;
  }

  /** Listens to stderr: a Python has a first line, and all else is for the log. */
  listen(stderr: Readable): void {
    createInterface({ input: stderr }).on("line", (line) => {
      const [, starting] = /^Python (.+) starts$/.exec(line) ?? [];
      const [, old] = /^Python (.+) is too old$/.exec(line) ?? [];
      if (this.version || this.command.python === undefined) {
        this.log.error(line);
      } else if (starting) {
        this.version = starting;
        this.log.info(`${this.command.python} is Python ${starting}`);
      } else if (old) {
        this.refusal = `is Python ${old}`;
      }
    });
  }

  /** Why this Python is of no use, when a start has failed; undefined where the server itself has. */
  async problem(error: unknown): Promise<string | undefined> {
    if (this.command.python === undefined) {
      return undefined;
    }
    if (this.process?.pid === undefined) {
      return (error as NodeJS.ErrnoException).code === "ENOENT" ? "was not found" : "cannot be started";
    }
    await this.ended;
    return this.version ? undefined : (this.refusal ?? "is no Python 3");
  }

  kill(): void {
    this.process?.kill();
  }
}
