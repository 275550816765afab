import { describe, expect, it } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { toHex } from "../../src/core/bytes.ts";
import { BlockSubmitter } from "../../src/server/block-submitter.ts";
import { nextTurn } from "../support/wait.ts";
import { blockOf, goodParts, SimulatedBench } from "../templates/simulated-bench.ts";
import { HeldLedger } from "./held-ledger.ts";
import { HeldSpool } from "./held-spool.ts";

describe("two blocks of one template, on the simulated node", () => {
  it("are each submitted once; the first is confirmed, and the second orphaned when it is buried", async () => {
    const bench = await SimulatedBench.start();
    const [ledger, spool] = [new HeldLedger(), new HeldSpool()];
    const submitter = new BlockSubmitter({ nodes: [bench.source], ledger, spool }, bench);
    const { height } = bench.template;
    const good = goodParts(bench.template);
    const blocks = [blockOf(good), blockOf({ ...good, time: good.time + 1 })];
    const hashes = blocks.map((block) => sha256d(block.subarray(0, 80)));
    for (const [index, block] of blocks.entries()) {
      const hash = hashes[index] ?? new Uint8Array(0);
      submitter.submit({ hash, height, userIdentity: "alice", channel: "1:1", block });
      await nextTurn();
    }
    for (let minute = 0; minute < 5; minute += 1) {
      bench.clock.advance(60_000);
      await nextTurn();
    }
    for (let other = 0; other < 6; other += 1) bench.source.mineOtherBlock();
    submitter.onNewTip();
    bench.clock.advance(1_000);
    await nextTurn();
    for (let stored = 0; stored < ledger.records.length; stored += 1) {
      ledger.records[stored]?.resolve();
      await nextTurn();
    }
    const fatesOf = (hash?: Uint8Array) =>
      ledger.records.flatMap(({ value }) => (hash && toHex(value.hash) === toHex(hash) ? [value.fate] : []));
    expect(fatesOf(hashes[0]).at(-1)).toBe("confirmed");
    expect(fatesOf(hashes[1]).at(-1)).toBe("orphaned");
    expect(bench.logger.of("the node has lost the block, which is submitted again")).toEqual([]);
    expect(spool.states).toEqual(["removed", "removed"]);
  });
});
