/**
 * The package as a stranger gets it: packed, unpacked elsewhere, and used by `import`, by `require` and by TypeScript.
 * Of all that is packed only `dist/sharecore` and `dist/core` are left, and of the dependencies only @noble/hashes:
 * so nothing of the server can be loaded.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

let folder: string;
let packed: string[];

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "adit-package-")));
  // Without scripts: `prepack` would empty dist/ under the feet of other tests.
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  const home = join(folder, "node_modules", "adit-pool");
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", join(folder, filename), "-C", home, "--strip-components=1"]);
  const others = (await readdir(join(home, "dist"))).filter((name) => name !== "sharecore" && name !== "core");
  for (const name of others) await rm(join(home, "dist", name), { recursive: true });
  await mkdir(join(folder, "node_modules", "@noble"));
  await symlink(join(root, "node_modules", "@noble", "hashes"), join(folder, "node_modules", "@noble", "hashes"));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program beside the installed package; resolves with what it printed to standard output. */
async function runProgram(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  const { stdout } = await run(process.execPath, [join(folder, name)], { cwd: folder, timeout: 15_000 });
  return stdout;
}

describe("the packed package", () => {
  it("holds the core, its worker and its types", () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        "crates/sharecore/pkg/sharecore_bg.wasm",
        "dist/sharecore/index.js",
        "dist/sharecore/index.d.ts",
        "dist/sharecore/worker.js",
        "docs/sharecore.md",
      ]),
    );
    expect(packed.filter((path) => /^(src|test|crates\/\w+\/src)\//.test(path))).toEqual([]);
  });

  it("runs the examples of its documentation", async () => {
    const text = await readFile(join(root, "docs", "sharecore.md"), "utf8");
    const examples = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code = ""]) => code);
    expect(examples).toHaveLength(3);
    for (const [index, code] of examples.entries()) {
      const extension = code.includes("require(") ? "cjs" : "mjs";
      const expected = /^\/\/ (.*)$/m.exec(code)?.[1];
      expect(await runProgram(`example-${index}.${extension}`, code)).toBe(`${expected}\n`);
    }
  });

  it.each([
    ["import", "mjs", 'import { createValidator, createNonceScanner } from "adit-pool/sharecore";'],
    ["require", "cjs", 'const { createValidator, createNonceScanner } = require("adit-pool/sharecore");'],
  ])("validates with every backend, by %s", async (_, extension, load) => {
    const program = `${load}
      const max = new Uint8Array(32).fill(255);
      for (const backend of ["js", "wasm", "wasm-scalar", "workers"]) {
        const validator = createValidator({ backend });
        const job = validator.addJob({ kind: "standard", prevHash: max, merkleRoot: max, version: 1, bits: 1,
          networkTarget: new Uint8Array(32) });
        const batch = validator.createBatch(500);
        for (let nonce = 0; nonce < 500; nonce += 1)
          batch.push({ job, version: 1, ntime: 1, nonce, target: max, extranonce: new Uint8Array(0) });
        validator.submit(batch, (verdicts) =>
          console.log(backend, verdicts.flags(499), Buffer.from(verdicts.hash(499)).toString("hex")));
      }
      const scanner = createNonceScanner();
      scanner.init(new Uint8Array(80), max);
      console.log(scanner.scan(7, 10));`;
    const lines = (await runProgram(`backends.${extension}`, program)).trim().split("\n").sort();
    const [nonce, ...verdicts] = lines.map((line) => line.split(" "));
    expect(nonce).toEqual(["7"]);
    expect(verdicts.map(([backend]) => backend)).toEqual(["js", "wasm", "wasm-scalar", "workers"]);
    const [, flags, hash] = verdicts[0] ?? [];
    expect(flags).toBe("1");
    for (const verdict of verdicts) expect(verdict.slice(1)).toEqual([flags, hash]);
  });

  it("has types for import and require, without the browser's or Node's", async () => {
    const body = `
      const scanner: sharecore.NonceScanner = sharecore.createNonceScanner();
      const nonce: number | undefined = scanner.scan(0, 1);
      const validator: sharecore.ShareValidator = sharecore.createValidator({ backend: "workers", workers: 2 });
      const job: sharecore.Job = { kind: "standard", prevHash: new Uint8Array(32), merkleRoot: new Uint8Array(32),
        version: 1, bits: 1, networkTarget: new Uint8Array(32) };
      const handle: sharecore.JobHandle = validator.addJob(job);
      const taken: boolean = validator.submit(validator.createBatch(1), (verdicts) => { verdicts.flags(0); });
      const hash: Uint8Array = sharecore.hashHeader(new Uint8Array(80));
      // @ts-expect-error: no such backend.
      sharecore.createValidator({ backend: "gpu" });
      // @ts-expect-error: an option of another backend.
      sharecore.createValidator({ backend: "wasm", workers: 2 });
      export { handle, hash, nonce, taken };`;
    await writeFile(join(folder, "types.mts"), `import * as sharecore from "adit-pool/sharecore";${body}`);
    await writeFile(join(folder, "types.cts"), `import sharecore = require("adit-pool/sharecore");${body}`);
    const config = {
      compilerOptions: { module: "nodenext", target: "es2023", lib: ["es2023"], types: [], strict: true, noEmit: true },
      files: ["types.mts", "types.cts"],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder], { cwd: folder }).catch((error) => error);
    expect(stdout).toBe("");
  }, 30_000);
});
