// Builds crates/sharecore into crates/sharecore/pkg, or with --check rebuilds it elsewhere and compares.
// The recipe gives the same bytes from any folder; which compiler did is recorded in pkg/BUILD.json.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CRATE = join(ROOT, "crates/sharecore");
const PKG = join(CRATE, "pkg");
const STANDARD_LIBRARY = "/usr/lib/rustlib/wasm32-unknown-unknown/lib";

/** Debian's compiler comes without the target's standard library, which is built along; no path gets into the result. */
const RECIPE = {
  RUSTC_BOOTSTRAP: "1",
  CARGO_UNSTABLE_BUILD_STD: "std,panic_abort",
  RUSTFLAGS: "-C target-feature=+simd128 -C linker=wasm-ld-22 -Zlocation-detail=none",
};
const ENVIRONMENT = { ...process.env, ...RECIPE, PATH: `/usr/bin:${process.env.PATH}` };

function versionOf(program, args) {
  const { status, stdout } = spawnSync(program, args, { env: ENVIRONMENT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function toolchain() {
  const tools = {
    rustc: versionOf("rustc", ["-V"]),
    "wasm-pack": versionOf("wasm-pack", ["--version"]),
    "wasm-bindgen": versionOf("wasm-bindgen", ["--version"]),
  };
  const missing = Object.keys(tools).filter((tool) => tools[tool] === undefined);
  if (!existsSync(STANDARD_LIBRARY)) missing.push(STANDARD_LIBRARY);
  if (missing.length > 0) {
    console.error(
      `Missing: ${missing.join(", ")}. On Debian 12 \`bash scripts/install-rust-tools.sh\` installs what is needed.`,
    );
    process.exit(2);
  }
  return { ...tools, recipe: RECIPE };
}

/** Builds the crate in a temporary folder, so that no artefact can depend on where it lies. @returns its pkg folder. */
function build() {
  const folder = mkdtempSync(join(tmpdir(), "sharecore-"));
  for (const entry of ["Cargo.toml", "Cargo.lock", "src"]) {
    cpSync(join(CRATE, entry), join(folder, entry), { recursive: true });
  }
  execFileSync("wasm-pack", ["build", "--release", "--target", "web", "--no-pack", "--mode", "no-install"], {
    cwd: folder,
    env: { ...ENVIRONMENT, CARGO_TARGET_DIR: join(folder, "target") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  // wasm-pack ignores everything it wrote; here it is committed.
  rmSync(join(folder, "pkg/.gitignore"), { force: true });
  rmSync(join(folder, "target"), { recursive: true });
  const wasm = readFileSync(join(folder, "pkg/sharecore_bg.wasm"), "latin1");
  if (wasm.includes(folder) || wasm.includes("/home/") || wasm.includes("/root/")) {
    console.error("The built module holds a path of this machine: it would differ elsewhere.");
    process.exit(1);
  }
  return { folder, pkg: join(folder, "pkg") };
}

function filesOf(folder) {
  return readdirSync(folder)
    .filter((name) => name !== "BUILD.json")
    .sort();
}

function differences(built) {
  const names = [...new Set([...filesOf(PKG), ...filesOf(built)])];
  return names.filter((name) => {
    const [committed, fresh] = [join(PKG, name), join(built, name)];
    return !existsSync(committed) || !existsSync(fresh) || !readFileSync(committed).equals(readFileSync(fresh));
  });
}

const record = toolchain();
const { folder, pkg } = build();
try {
  if (!process.argv.includes("--check")) {
    rmSync(PKG, { recursive: true, force: true });
    cpSync(pkg, PKG, { recursive: true });
    writeFileSync(join(PKG, "BUILD.json"), `${JSON.stringify(record, null, 2)}\n`);
    console.log(`Built crates/sharecore/pkg with ${record.rustc}.`);
  } else {
    const recorded = JSON.parse(readFileSync(join(PKG, "BUILD.json"), "utf8"));
    if (JSON.stringify(recorded) === JSON.stringify(record)) {
      const differing = differences(pkg);
      if (differing.length > 0) {
        console.error(
          `crates/sharecore/pkg is not what its source gives: ${differing.join(", ")}. Run \`npm run build:wasm\`.`,
        );
        process.exitCode = 1;
      } else console.log("crates/sharecore/pkg is byte for byte what its source gives.");
    } else {
      console.log(
        `Built with ${record.rustc}, recorded is ${recorded.rustc}: bytes are not compared, the tests run on the new build.`,
      );
      execFileSync("npx", ["vitest", "run", "test/sharecore"], {
        cwd: ROOT,
        env: { ...process.env, TEST_SHARECORE_PKG: pkg },
        stdio: "inherit",
      });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
