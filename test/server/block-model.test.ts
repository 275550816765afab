/** Whatever nodes, ledger and spool do, in any order: what must hold of a found block, and how it ends. */

import fc from "fast-check";
import { expect, it } from "vitest";
import type { BlockStanding, SubmitResult } from "../../src/templates/block-node.ts";
import { drawn } from "../support/drawn-cases.ts";
import { nextTurn } from "../support/wait.ts";
import {
  ACCEPTED,
  BlockBench,
  blockFound,
  FAILED,
  INCONCLUSIVE,
  offChain,
  onChain,
  REFUSED,
  SILENT,
  unknown,
} from "./block-bench.ts";
import type { HeldSubmission } from "./held-source.ts";

type Step =
  | { readonly kind: "answer"; readonly node: 0 | 1; readonly result: SubmitResult }
  | { readonly kind: "check"; readonly standings: readonly [BlockStanding, BlockStanding] }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "record"; readonly isStored: boolean };

const node = fc.constantFrom(0 as const, 1 as const);
const result = fc.constantFrom<SubmitResult>(ACCEPTED, INCONCLUSIVE, REFUSED, FAILED, FAILED);
const HEIGHT = blockFound().height;
const standing = fc.oneof(
  fc.constant<BlockStanding>(SILENT),
  fc.integer({ min: 1, max: 7 }).map(onChain),
  fc.integer({ min: HEIGHT - 2, max: HEIGHT + 8 }).map(offChain),
  fc.integer({ min: HEIGHT - 2, max: HEIGHT + 8 }).map(unknown),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("answer" as const), node, result }),
  fc.record({ kind: fc.constant("check" as const), standings: fc.tuple(standing, standing) }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(100, 1_000, 10_000) }),
  fc.record({ kind: fc.constant("record" as const), isStored: fc.boolean() }),
);

class Walk {
  readonly bench = new BlockBench({ nodes: 2 });
  readonly #answered = new Set<HeldSubmission>();
  #recordsEnded = 0;
  /** What the ledger has. */
  stored = "nothing";
  /** Nodes that have refused it at some time. */
  readonly #refused = new Set<number>();
  #wasConfirmed = false;
  #wasBuried = false;

  async take(taken: Step): Promise<void> {
    const { bench } = this;
    const nodes = [bench.near, bench.far];
    switch (taken.kind) {
      case "answer": {
        const open = nodes[taken.node]?.submissions.find((submission) => !this.#answered.has(submission));
        if (open === undefined) return;
        this.#answered.add(open);
        open.answer(taken.result);
        if (taken.result.kind === "refused") this.#refused.add(taken.node);
        await nextTurn();
        return;
      }
      case "check": {
        const [near, far] = taken.standings;
        this.#wasConfirmed ||= taken.standings.some((said) => said.kind === "on-chain" && said.confirmations >= 6);
        this.#wasBuried ||= taken.standings.some((said) => "tipHeight" in said && said.tipHeight >= HEIGHT + 6);
        await bench.check(near, far);
        return;
      }
      case "pass":
        await bench.pass(taken.ms);
        return;
      case "record": {
        const call = bench.ledger.records[this.#recordsEnded];
        if (call === undefined) return;
        this.#recordsEnded += 1;
        if (taken.isStored) this.stored = call.value.fate;
        if (taken.isStored) call.resolve();
        else call.reject(new Error("the disk is full"));
        await nextTurn();
      }
    }
  }

  check(): void {
    const { bench, stored } = this;
    const [file] = bench.spool.states;
    // The file goes with its final fate, once the ledger has that, and not before.
    const wanted =
      stored === "confirmed" || stored === "orphaned" ? "removed" : stored === "refused" ? "aside" : "kept";
    expect(file).toBe(wanted);
    if (bench.count("confirmed") > 0) expect(this.#wasConfirmed).toBe(true);
    if (bench.count("orphaned") > 0) expect(this.#wasBuried).toBe(true);
    if (bench.count("refused") > 0)
      expect(this.#refused.size === 2 || (this.#refused.size > 0 && this.#wasBuried)).toBe(true);
    const ends = bench.count("confirmed") + bench.count("orphaned") + bench.count("refused");
    expect(ends).toBeLessThanOrEqual(1);
    const { fates } = bench;
    const confirmed = fates.indexOf("confirmed");
    if (confirmed >= 0) expect(new Set(fates.slice(confirmed))).toEqual(new Set(["confirmed"]));
    // What is not finished is asked about again.
    if (ends === 0) expect(bench.clock.pending).toBeGreaterThan(0);
  }

  /** All nodes are well again, and so is the ledger. */
  async recover(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      for (const which of [0, 1] as const) await this.take({ kind: "answer", node: which, result: ACCEPTED });
      await this.take({ kind: "check", standings: [onChain(6), onChain(6)] });
      await this.take({ kind: "record", isStored: true });
      await this.take({ kind: "pass", ms: 60_000 });
      this.check();
    }
  }
}

it("a found block keeps its file until its fate is recorded, has one end, and has it once its nodes are well", async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const walk = new Walk();
      walk.bench.submitter.submit(blockFound());
      for (const taken of steps) {
        await walk.take(taken);
        walk.check();
      }
      await walk.recover();
      expect(["confirmed", "orphaned", "refused"]).toContain(walk.stored);
      expect(walk.bench.clock.pending).toBe(0);
      ends.add(walk.stored);
    }),
    drawn(300),
  );
  expect(ends.size, "each end was seen").toBe(3);
});
