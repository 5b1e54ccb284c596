/** The weight of the image in the status bar, as the server says it. */

import { MarkdownString, StatusBarAlignment, window } from "vscode";
import type { Disposable, StatusBarItem } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

/** The notification `deadweight/imageSize`, see docs/editors.md. */
interface ImageSize {
  uri: string;
  size: { text: string; detail: string } | null;
}

/** A status item that is there for a Dockerfile, and opens its size report. */
export class ImageSizeItem implements Disposable {
  private readonly sizes = new Map<string, ImageSize["size"]>();
  private readonly item: StatusBarItem;
  private readonly listener: Disposable;

  constructor() {
    this.item = window.createStatusBarItem("deadweight.imageSize", StatusBarAlignment.Right, 100);
    this.item.name = "Deadweight: the image's size";
    this.item.command = "deadweight.sizeReport";
    this.listener = window.onDidChangeActiveTextEditor(() => this.show());
  }

  /** Shows what a client is told; what another said before is forgotten. */
  follow(client: LanguageClient): void {
    this.sizes.clear();
    client.onNotification("deadweight/imageSize", ({ uri, size }: ImageSize) => {
      this.sizes.set(client.protocol2CodeConverter.asUri(uri).toString(), size);
      this.show();
    });
    this.show();
  }

  private show(): void {
    const document = window.activeTextEditor?.document;
    const size = document && this.sizes.get(document.uri.toString());
    if (!size) {
      this.item.hide();
      return;
    }
    this.item.text = `$(package) ${size.text}`;
    this.item.tooltip = new MarkdownString(size.detail);
    this.item.show();
  }

  dispose(): void {
    this.listener.dispose();
    this.item.dispose();
  }
}
