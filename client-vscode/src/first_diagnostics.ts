/** How long each file waits for its first diagnostics, for the log. */

import * as path from "node:path";
import { workspace } from "vscode";
import type { Disposable, LogOutputChannel, Uri } from "vscode";

/** Counts from when a file was opened; from the start of the server, where it was open before. */
export class FirstDiagnostics implements Disposable {
  private readonly opened = new Map<string, number>();
  private readonly shown = new Set<string>();
  private readonly listeners: Disposable[];

  constructor(
    private readonly log: LogOutputChannel,
    private started: number,
  ) {
    this.listeners = [
      workspace.onDidOpenTextDocument(({ uri }) => this.opened.set(uri.toString(), performance.now())),
      workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri)),
    ];
  }

  /** The server starts anew. */
  restart(): void {
    this.started = performance.now();
    this.opened.clear();
    this.shown.clear();
  }

  /** Diagnostics of a file have come. */
  come(uri: Uri, count: number): void {
    const name = uri.toString();
    if (!this.shown.has(name)) {
      this.shown.add(name);
      const waited = Math.round(performance.now() - (this.opened.get(name) ?? this.started));
      this.log.info(`${path.basename(uri.path)}: first diagnostics (${count}) ${waited} ms after it was opened`);
    }
  }

  private forget(uri: Uri): void {
    this.opened.delete(uri.toString());
    this.shown.delete(uri.toString());
  }

  dispose(): void {
    this.listeners.forEach((each) => each.dispose());
  }
}
