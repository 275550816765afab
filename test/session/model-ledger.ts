/** What the model says that the ledger has to hold, and which blocks must have been found. */

import type { LedgerTotals, ShareLedger } from "../../src/ledger/ledger.ts";
import { must } from "../support/must.ts";
import type { ModelOutcome } from "./model-channel.ts";

type Totals = { acceptedShares: number; difficulty: number; readonly rejects: Map<string, number> };

export class ModelLedger {
  readonly #byIdentity = new Map<string, Totals>();
  /** Headers of blocks that were not compared yet, in hexadecimal. */
  readonly #blocks: string[] = [];

  add({ channel, code, credit, block }: ModelOutcome): void {
    if (block !== undefined) this.#blocks.push(Buffer.from(block).toString("hex"));
    const totals = this.#byIdentity.get(channel.userIdentity) ?? {
      acceptedShares: 0,
      difficulty: 0,
      rejects: new Map(),
    };
    this.#byIdentity.set(channel.userIdentity, totals);
    if (code !== undefined) totals.rejects.set(code, (totals.rejects.get(code) ?? 0) + 1);
    else {
      totals.acceptedShares += 1;
      totals.difficulty += credit;
    }
  }

  /** @param found since the last call, each as it is submitted. */
  expectBlocks(found: readonly { readonly block: Uint8Array }[]): void {
    const headers = found.map(({ block }) => Buffer.from(block.subarray(0, 80)).toString("hex"));
    const missing = this.#blocks.splice(0).sort().join();
    must(
      headers.sort().join() === missing,
      "each share that solves a block gives that block, with the header that was hashed",
    );
  }

  /** Once everything that was accepted is stored. */
  async expectStored(ledger: ShareLedger): Promise<void> {
    for (const [userIdentity, totals] of this.#byIdentity) {
      expectTotals(await ledger.totalsOf(userIdentity), totals);
    }
  }
}

function expectTotals(stored: LedgerTotals, { acceptedShares, difficulty, rejects }: Totals): void {
  must(
    stored.acceptedShares === acceptedShares,
    `${acceptedShares} shares were earned, ${stored.acceptedShares} are stored`,
  );
  must(
    Math.abs(stored.difficulty - difficulty) <= 1e-9 * difficulty,
    "each share is credited with its job's difficulty",
  );
  const text = (counts: Iterable<[string, number]>): string => [...counts].sort().join("; ");
  must(text(Object.entries(stored.rejects)) === text(rejects), "each rejected share is counted under its code");
}
