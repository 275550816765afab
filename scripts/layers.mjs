// Writes the layer rules into biome.json, from the ranks below: a folder of src/ imports only folders of a lower
// rank, and two folders of one rank never import each other. `--check` compares and writes nothing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const RANKS = {
  core: 0,
  sharecore: 1,
  wire: 1,
  bitcoin: 1,
  noise: 2,
  templates: 2,
  ledger: 2,
  mining: 3,
  session: 4,
  client: 4,
  server: 5,
  app: 6,
};

/** Subpath imports of package.json that belong to one folder alone. */
const OWN_SUBPATHS = {
  sharecore: ["#sharecore-*"],
  client: ["#miner-worker"],
  ledger: ["#ledger-worker", "#spool-worker"],
};

function overridesOf(folder) {
  const lower = Object.keys(RANKS).filter((other) => RANKS[other] < RANKS[folder]);
  const foreign = Object.entries(OWN_SUBPATHS)
    .filter(([owner]) => owner !== folder)
    .flatMap(([, subpaths]) => subpaths);
  return ["../", "../../"].map((up, depth) => ({
    includes: [depth === 0 ? `src/${folder}/*` : `src/${folder}/*/**`],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: "error",
            options: {
              patterns: [
                {
                  group: [`${up}**`, "adit-pool/**", ...foreign, ...lower.map((name) => `!${up}${name}/**`)],
                  message: `src/${folder} (rank ${RANKS[folder]}) may import only folders of a lower rank: ${lower.join(", ") || "none"}.`,
                },
              ],
            },
          },
        },
      },
    },
  }));
}

export function expectedConfig(config) {
  const others = (config.overrides ?? []).filter((entry) => !entry.includes.some((glob) => /^src\/\w+\/\*/.test(glob)));
  return { ...config, overrides: [...Object.keys(RANKS).flatMap(overridesOf), ...others] };
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export function problems() {
  const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  const found = [];
  if (JSON.stringify(config) !== JSON.stringify(expectedConfig(config))) {
    found.push("biome.json does not hold the layer rules of scripts/layers.mjs: run `node scripts/layers.mjs`.");
  }
  for (const entry of readdirSync(join(root, "src"), { withFileTypes: true })) {
    if (entry.isDirectory() && !(entry.name in RANKS)) {
      found.push(`src/${entry.name} has no rank in scripts/layers.mjs, so nothing checks its imports.`);
    }
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    const found = problems();
    for (const problem of found) console.error(problem);
    process.exitCode = found.length === 0 ? 0 : 1;
  } else {
    const path = join(root, "biome.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, `${JSON.stringify(expectedConfig(config), null, 2)}\n`);
  }
}
