/** Which files are ours. Their kind is told by their names, as the server tells it, and never by their languages. */

import { languages } from "vscode";
import type { DocumentFilter, TextDocument } from "vscode";

const DOCKERFILES =
  "Dockerfile,Dockerfile.*,Containerfile,Containerfile.*,dockerfile,*.Dockerfile,*.dockerfile,*.containerfile";
const IGNORE_FILES = ".dockerignore,*.dockerignore,.containerignore,*.containerignore";

/** What the server is told of. Sizes come from the files on the disk around it, so that nothing else is of use. */
export const selector: (DocumentFilter & { scheme: string; pattern: string })[] = [
  { scheme: "file", pattern: `**/{${DOCKERFILES},${IGNORE_FILES}}` },
];

export const isOurs = (document: TextDocument): boolean => languages.match(selector, document) > 0;

/** Such as a .gitignore: what activates the extension by its language, and is none of ours. */
export const isOfOthers = (document: TextDocument): boolean => document.languageId === "ignore" && !isOurs(document);
