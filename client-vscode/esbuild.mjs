// Makes dist/extension.js: the extension and the language client in one file, which starts sooner than many.
import { build } from "esbuild";

await build({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  legalComments: "inline",
  logLevel: "warning",
});
