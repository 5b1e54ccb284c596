/** Deadweight in VS Code: starts the server when there is something for it to read, and shows what it says. */

import { commands, env, ProgressLocation, Uri, window, workspace } from "vscode";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { makeClient } from "./client";
import { openRulePage } from "./commands";
import { isOfOthers, isOurs } from "./files";
import { FirstDiagnostics } from "./first_diagnostics";
import { ImageSizeItem } from "./image_size";
import { OLDEST } from "./interpreter";
import { waysToStart } from "./launch";
import { registerReports } from "./report";
import { Server } from "./server";

const DOWNLOADS = "https://www.python.org/downloads/";

/** There is no Python to start the server with. */
class NoPythonError extends Error {
  constructor(problems: readonly string[]) {
    const found = problems.join(", ") || "there is none on the PATH";
    super(`Deadweight needs Python ${OLDEST} or newer: ${found}.`);
  }
}

/** What runs while the extension is active. */
class Session {
  private client: LanguageClient | undefined;
  private server: Server | undefined;
  private starting: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly log: LogOutputChannel,
    private readonly imageSize: ImageSizeItem,
    private readonly first: FirstDiagnostics,
  ) {}

  /** Starts the server, in place of the one that runs. One start waits for the one before. */
  start(): Promise<void> {
    this.starting = this.starting.then(() => this.startNow());
    return this.starting;
  }

  /** The same anew. */
  async restart(): Promise<void> {
    this.first.restart();
    await this.start();
  }

  /** Carries something out with the server. */
  async with(work: (client: LanguageClient) => Promise<void>): Promise<void> {
    await this.starting;
    if (this.client) {
      await work(this.client);
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    setRunning(false);
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
    this.server?.kill(); // it has ended by itself, unless it hangs
  }

  private async startNow(): Promise<void> {
    await this.stop();
    const asked = performance.now();
    try {
      this.client = await this.startFirst();
      setRunning(true);
      this.log.info(`the server is ready after ${Math.round(performance.now() - asked)} ms`);
    } catch (error) {
      this.fail(error);
    }
  }

  /** A client of a server that runs, by the first Python that can start it. */
  private async startFirst(): Promise<LanguageClient> {
    const problems: string[] = [];
    for await (const command of waysToStart(this.folder, this.log)) {
      const server = (this.server = new Server(command, this.folder, this.log));
      const client = makeClient(server, this.log, this.first, (reason) => this.fail(reason));
      this.imageSize.follow(client);
      try {
        await client.start();
        problems.forEach((problem) => this.log.warn(problem));
        return client;
      } catch (error) {
        const problem = await server.problem(error);
        if (!problem) {
          throw error;
        }
        problems.push(`${command.python} ${problem}`);
      }
    }
    throw new NoPythonError(problems);
  }

  /** There is no server, and none comes by itself. */
  private fail(error: unknown): void {
    this.server?.kill();
    setRunning(false);
    this.log.error(error instanceof Error ? error.message : String(error));
    void this.complain(error); // nothing waits for an answer
  }

  /** One message with a way out. */
  private async complain(error: unknown): Promise<void> {
    const choose = "Choose Python";
    const [message, ...ways] =
      error instanceof NoPythonError
        ? [error.message, choose, "Get Python", "Show Log"]
        : ["Deadweight's server does not run; the log says why.", "Try Again", "Show Log"];
    switch (await window.showErrorMessage(message as string, ...ways)) {
      case choose:
        await chooseInterpreter();
        break;
      case "Get Python":
        await env.openExternal(Uri.parse(DOWNLOADS));
        break;
      case "Try Again":
        await this.restart();
        break;
      case "Show Log":
        this.log.show();
    }
  }
}

/** Lets the palette offer the server's commands; nobody waits for that while the window comes up. */
function setRunning(isRunning: boolean): void {
  void commands.executeCommand("setContext", "deadweight.isRunning", isRunning);
}

/** Writes the setting; its change starts the server. */
async function chooseInterpreter(): Promise<void> {
  const chosen = await window.showOpenDialog({ title: `Python ${OLDEST} or newer`, canSelectMany: false });
  if (chosen?.[0]) {
    await workspace.getConfiguration("deadweight").update("interpreter", chosen[0].fsPath, true);
  }
}

let session: Session | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const activated = performance.now();
  const log = window.createOutputChannel("Deadweight", { log: true });
  const imageSize = new ImageSizeItem();
  const first = new FirstDiagnostics(log, activated);
  const own = (session = new Session(context.extensionPath, log, imageSize, first));
  const wait = { location: ProgressLocation.Window, title: "Deadweight starts" };
  context.subscriptions.push(
    log,
    imageSize,
    first,
    registerReports(),
    commands.registerCommand("deadweight.showLog", () => log.show()),
    commands.registerCommand("deadweight.restart", () => window.withProgress(wait, () => own.restart())),
    commands.registerCommand("deadweight.openRulePage", (rule?: string) =>
      own.with((client) => openRulePage(client, rule)),
    ),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("deadweight.interpreter") || event.affectsConfiguration("deadweight.server")) {
        await own.restart();
      }
    }),
  );
  const open = workspace.textDocuments;
  if (open.some(isOurs) || !open.some(isOfOthers)) {
    await own.start();
    return;
  }
  // An ignore file of git's has activated us: for that alone nobody starts a server.
  const waiting = workspace.onDidOpenTextDocument(async (document) => {
    if (isOurs(document)) {
      waiting.dispose();
      await own.start();
    }
  });
  context.subscriptions.push(waiting);
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
