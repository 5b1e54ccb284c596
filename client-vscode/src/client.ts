/** The language client, and where VS Code needs more than the protocol says by itself. */

import { Uri } from "vscode";
import type { LogOutputChannel } from "vscode";
import { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import type { ClientCapabilities, Middleware, StaticFeature } from "vscode-languageclient/node";
import { argumentsOf, showAnswer } from "./commands";
import { selector } from "./files";
import type { FirstDiagnostics } from "./first_diagnostics";
import { isOfPipe } from "./server";
import type { Server } from "./server";

/** Settings of the extension alone; the server would not know them. */
const OF_THE_EXTENSION = ["interpreter", "server"];

/** Tells the server what we show ourselves, see docs/editors.md. */
const shows: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { deadweight: { imageSize: true, sizeReport: true } };
  },
  initialize(): void {},
  getState: () => ({ kind: "static" }),
  clear(): void {},
};

/**
 * A client that tells what fails to the log alone, as the library would show one failure in several messages. Until its
 * server runs not even there: whoever starts it has the error.
 */
class Client extends LanguageClient {
  hasRun = false;

  override error(message: string, data?: unknown): void {
    if (this.hasRun) {
      super.error(message, data, false);
    }
  }
}

/** A client that is not started yet; `gone` is told when its server has crashed too often to be started again. */
export function makeClient(
  server: Server,
  log: LogOutputChannel,
  first: FirstDiagnostics,
  gone: (reason: Error) => void,
): LanguageClient {
  const client: Client = new Client("deadweight", "Deadweight", () => server.start(), {
    documentSelector: selector,
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: middleware(first),
    stdioOptions: { stdout: () => {}, stderr: (stderr) => server.listen(stderr) },
    initializationFailedHandler: () => false,
    errorHandler: {
      // Whoever writes to a server that has crashed hears of it before its end is noticed. The library would stop for
      // good then, and start no other.
      error: (error, ...given) =>
        isOfPipe(error) ? { action: ErrorAction.Continue, handled: true } : usual.error(error, ...given),
      async closed() {
        if (!client.hasRun) {
          return { action: CloseAction.DoNotRestart }; // whoever starts it has the error
        }
        const next = await usual.closed();
        if (next.action === CloseAction.DoNotRestart) {
          gone(new Error(next.message));
        }
        return next;
      },
    },
  });
  const usual = client.createDefaultErrorHandler();
  client.onDidChangeState(({ newState }) => (client.hasRun ||= newState === State.Running));
  client.registerFeature(shows);
  return client;
}

const middleware = (first: FirstDiagnostics): Middleware => ({
  async provideDiagnostics(document, previous, token, next) {
    const found = await next(document, previous, token);
    if (found && "items" in found) {
      first.come(document instanceof Uri ? document : document.uri, found.items.length);
    }
    return found;
  },
  async executeCommand(command, given, next) {
    const passed = given.length ? given : await argumentsOf(command);
    const answer: unknown = passed && (await next(command, passed));
    await showAnswer(command, answer);
    return answer;
  },
  workspace: {
    // The server asks for what holds for each file, when it is told that something is another.
    didChangeConfiguration: (_sections, next) => next(undefined),
    async configuration(params, token, next) {
      const sections: unknown = await next(params, token);
      return Array.isArray(sections) ? sections.map(ofTheServer) : [];
    },
  },
});

function ofTheServer(section: unknown): unknown {
  if (typeof section !== "object" || section === null) {
    return section;
  }
  return Object.fromEntries(Object.entries(section).filter(([name]) => !OF_THE_EXTENSION.includes(name)));
}
