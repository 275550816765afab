// The compiler writes plain files; npx runs the command only where it is executable.
import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

chmodSync(join(dirname(fileURLToPath(import.meta.url)), "../dist/app/cli.js"), 0o755);
