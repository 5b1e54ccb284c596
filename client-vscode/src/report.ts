/** What the server writes in Markdown, as a document to read. */

import { commands, EventEmitter, Uri, workspace } from "vscode";
import type { Disposable } from "vscode";

/** What the command `deadweight.sizeReport` gives. */
export interface SizeReport {
  uri: string;
  markdown: string;
}

const SCHEME = "deadweight-report";
const texts = new Map<string, string>();
const changed = new EventEmitter<Uri>();

/** Lets VS Code read reports. */
export const registerReports = (): Disposable =>
  workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.toString()),
  });

/** Shows a report; the next one of the same file takes its place. */
export async function showReport({ uri, markdown }: SizeReport): Promise<void> {
  const report = Uri.from({ scheme: SCHEME, path: `${Uri.parse(uri).path}.md` });
  texts.set(report.toString(), markdown);
  changed.fire(report);
  await commands.executeCommand("markdown.showPreviewToSide", report);
}
