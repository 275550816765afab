import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { reversed, toHex } from "../../src/core/bytes.ts";
import type { ChainBlock } from "../../src/templates/simulated-chain.ts";
import { blockOf, goodParts, SimulatedBench } from "./simulated-bench.ts";

let folder: string;
let chainFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adit-simulated-"));
  chainFile = join(folder, "simulated-chain.jsonl");
});

/** As after a restart: another seed, as by chance. */
let seed = 1;
function start(
  options: { readonly difficulty?: number; readonly transactions?: number } = {},
): Promise<SimulatedBench> {
  seed += 1;
  return SimulatedBench.start({ chainFile, seed, ...options });
}

function lines(): string[] {
  return readFileSync(chainFile, "utf8").split("\n").slice(0, -1);
}

const NEW_CHAIN = "simulated node: a new chain begins";
const NOT_KEPT = "simulated node: its chain is not kept, and begins anew with the next start";

describe("a simulated chain with a file", () => {
  it("goes on after a restart where it was, and the pool's block is on it", async () => {
    const first = await start();
    first.source.mineOtherBlock();
    expect(await first.submit(blockOf(goodParts(first.template)))).toBe("accepted");
    const second = await start();
    expect(second.source.blocks).toEqual(first.source.blocks);
    expect(second.source.blocks.map(({ foundBy }) => foundBy)).toEqual(["others", "others", "pool"]);
    expect(await second.source.blockStanding(first.source.tipHash)).toEqual({ kind: "on-chain", confirmations: 1 });
    expect(second.template).toMatchObject({ prevHash: first.source.tipHash, height: first.source.height + 1 });
    expect(await second.submit(blockOf(goodParts(second.template)))).toBe("accepted");
    expect(second.logger.of(NEW_CHAIN)).toEqual([]);
  });

  it("takes a block that it had before the restart as one that it has", async () => {
    const first = await start();
    const block = blockOf(goodParts(first.template));
    await first.submit(block);
    const second = await start();
    expect(await second.submit(block)).toBe("accepted");
    expect(second.source.height).toBe(first.source.height);
  });

  it("has a block beside it again with the submission that follows the restart", async () => {
    const first = await start();
    const block = blockOf(goodParts(first.template));
    first.source.mineOtherBlock();
    await first.submit(block);
    const second = await start();
    expect(await second.submit(block)).toBe("inconclusive");
    const standing = await second.source.blockStanding(sha256d(block.subarray(0, 80)));
    expect(standing).toEqual({ kind: "off-chain", tipHeight: second.source.height });
  });

  it("has a block's line before its submitter is answered, and before its template is out", async () => {
    const bench = await start();
    expect(lines()).toHaveLength(1);
    const { template } = bench;
    let written = 0;
    bench.onTemplate = () => {
      written = lines().length;
    };
    const answer = bench.source.submitBlock(blockOf(goodParts(template)));
    expect(written).toBe(2);
    await answer;
    const { tipHash } = bench.source;
    expect(JSON.parse(lines()[1] ?? "")).toEqual({
      height: template.height,
      hash: toHex(reversed(tipHash)),
      time: template.curTime,
      foundBy: "pool",
      bits: template.bits,
    });
    expect(statSync(chainFile).mode & 0o777).toBe(0o600);
  });

  it("drops a last line that was cut, and goes on behind the one before", async () => {
    const first = await start();
    first.source.mineOtherBlock();
    const kept = [...first.source.blocks];
    first.source.mineOtherBlock();
    const text = readFileSync(chainFile, "utf8");
    for (const cut of [1, 40]) {
      writeFileSync(chainFile, text.slice(0, -cut));
      const second = await start();
      expect(second.source.blocks).toEqual(kept);
      expect(lines()).toHaveLength(2);
    }
  });

  it("begins anew for another difficulty, and keeps the old one aside", async () => {
    const first = await start();
    first.source.mineOtherBlock();
    const text = readFileSync(chainFile, "utf8");
    const second = await start({ difficulty: 2e-9 });
    expect(second.source.blocks).toHaveLength(1);
    expect(second.source.tipHash).not.toEqual(first.source.tipHash);
    expect(readFileSync(`${chainFile}.old`, "utf8")).toBe(text);
    expect(second.logger.of(NEW_CHAIN)).toEqual([{ reason: "it is of another difficulty", old: `${chainFile}.old` }]);
    expect((await start({ difficulty: 2e-9 })).source.tipHash).toEqual(second.source.tipHash);
  });

  it.each<[string, (block: Record<string, unknown>) => unknown, string]>([
    ["no JSON", () => "{", "its line 2 is damaged"],
    ["no object", () => 7, "its line 2 is damaged"],
    ["no height", ({ height: _height, ...rest }) => rest, "its line 2 is damaged"],
    ["half a time", (block) => ({ ...block, time: 1.5 }), "its line 2 is damaged"],
    ["a short hash", (block) => ({ ...block, hash: "00" }), "its line 2 is damaged"],
    ["nobody as finder", (block) => ({ ...block, foundBy: "nobody" }), "its line 2 is damaged"],
    ["no bits", ({ bits: _bits, ...rest }) => rest, "its line 2 is damaged"],
    ["another height than the next one", (block) => ({ ...block, height: 900_005 }), "its heights have a gap"],
  ])("begins anew where a line has %s", async (_what, change, reason) => {
    const first = await start();
    first.source.mineOtherBlock();
    first.source.mineOtherBlock();
    const [base, middle = "", last] = lines();
    const changed = change(JSON.parse(middle));
    writeFileSync(chainFile, [base, changed === "{" ? "{" : JSON.stringify(changed), last, ""].join("\n"));
    const second = await start();
    expect(second.source.blocks).toHaveLength(1);
    expect(second.logger.of(NEW_CHAIN)).toMatchObject([{ reason }]);
    expect(existsSync(`${chainFile}.old`)).toBe(true);
  });

  it("is written anew at the start with its last 1,000 blocks", async () => {
    const first = await start({ transactions: 0 });
    for (let block = 0; block < 1_200; block += 1) first.source.mineOtherBlock();
    expect(lines()).toHaveLength(1_201);
    const second = await start({ transactions: 0 });
    expect(lines()).toHaveLength(1_000);
    expect(second.source.blocks).toEqual(first.source.blocks);
    expect(readdirSync(folder)).toEqual(["simulated-chain.jsonl"]);
  });

  it("has 10,000 lines at most while it runs, and the last 1,000 blocks with one more", async () => {
    const bench = await start({ transactions: 0 });
    writeFileSync(chainFile, "");
    for (let block = 1; block < 10_000; block += 1) bench.source.mineOtherBlock();
    expect(lines()).toHaveLength(9_999);
    bench.source.mineOtherBlock();
    expect(lines()).toHaveLength(1_000);
    bench.source.mineOtherBlock();
    expect(lines()).toHaveLength(1_001);
    expect((await start()).source.blocks).toEqual(bench.source.blocks);
  });
});

describe("a simulated chain whose file cannot be used", () => {
  async function minesOn(bench: SimulatedBench): Promise<readonly ChainBlock[]> {
    for (let block = 0; block < 3; block += 1) {
      expect(await bench.submit(blockOf(goodParts(bench.template)))).toBe("accepted");
    }
    return bench.source.blocks;
  }

  it("says so once and goes on in memory: no folder", async () => {
    rmSync(folder, { recursive: true });
    const bench = await start();
    expect(await minesOn(bench)).toHaveLength(4);
    expect(bench.logger.of(NOT_KEPT)).toMatchObject([{ reason: expect.stringContaining("ENOENT") }]);
  });

  it("says so once and goes on in memory: a folder in its place, which stays", async () => {
    mkdirSync(chainFile);
    const bench = await start();
    expect(await minesOn(bench)).toHaveLength(4);
    expect(bench.logger.of(NOT_KEPT)).toMatchObject([{ reason: expect.stringContaining("EISDIR") }]);
    expect(readdirSync(folder)).toEqual(["simulated-chain.jsonl"]);
  });

  it("says so once and goes on in memory: what begins while it runs", async () => {
    const bench = await start();
    rmSync(folder, { recursive: true });
    expect(await minesOn(bench)).toHaveLength(4);
    expect(bench.logger.of(NOT_KEPT)).toHaveLength(1);
  });
});
