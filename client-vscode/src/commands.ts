/** What commands need from the user before the server can carry them out, and what is shown of their answers. */

import { commands, Uri, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { ExecuteCommandRequest } from "vscode-languageclient/node";
import { showReport } from "./report";
import type { SizeReport } from "./report";

/** The server's commands, see docs/editors.md; only what we add to them is here. */
const SIZE_REPORT = "deadweight.sizeReport";
const USE_MEASURED_SIZES = "deadweight.useMeasuredSizes";
const RULE_PAGES = "deadweight.rulePages";

/** The arguments of a command that comes without any, from the palette; undefined if the user thinks better of it. */
export async function argumentsOf(command: string): Promise<unknown[] | undefined> {
  const document = window.activeTextEditor?.document.uri;
  if (!document || command !== USE_MEASURED_SIZES) {
    return document ? [document.toString()] : [];
  }
  const history = await askForHistory(document);
  return history ? [document.toString(), history] : undefined;
}

/** Shows the answer of a command. */
export async function showAnswer(command: string, answer: unknown): Promise<void> {
  if (command === SIZE_REPORT && answer) {
    await showReport(answer as SizeReport);
  }
}

/** What takes the place of estimates: a file, or an image whose history the engine is asked for, if it may be. */
async function askForHistory(document: Uri): Promise<string | { image: string } | undefined> {
  const file = "A saved history";
  const mayAsk = workspace.getConfiguration("deadweight", document).get<boolean>("asksEngine");
  const source = mayAsk ? await window.showQuickPick([file, "The history of an image, asked of the engine"]) : file;
  if (source === file) {
    const title = "What docker history --no-trunc --human=false --format json has printed";
    const chosen = await window.showOpenDialog({ title, canSelectMany: false });
    return chosen?.[0]?.fsPath;
  }
  const image = source && (await window.showInputBox({ prompt: "The name of the image", placeHolder: "app:1" }));
  return image ? { image } : undefined;
}

/** One of what the command `deadweight.rulePages` gives. */
interface RulePage {
  rule: string;
  title: string;
  uri: string | null;
}

/** Lets the user pick a rule, unless it is named, and shows its page. */
export async function openRulePage(client: LanguageClient, rule?: string): Promise<void> {
  const pages = (await client.sendRequest(ExecuteCommandRequest.type, { command: RULE_PAGES })) as RulePage[];
  const items = pages.flatMap(({ rule, title, uri }) => (uri ? [{ label: rule, detail: title, uri }] : []));
  const options = { placeHolder: "The page of which rule?", matchOnDetail: true };
  const picked = items.find((each) => each.label === rule) ?? (await window.showQuickPick(items, options));
  if (picked) {
    await commands.executeCommand("markdown.showPreview", Uri.parse(picked.uri));
  }
}
