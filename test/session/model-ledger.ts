/** What the model says that the ledger has to hold, and which blocks must have been found. */

import type { LedgerTotals, ShareLedger } from "../../src/ledger/ledger.ts";
import { must } from "../support/must.ts";
import type { ModelOutcome } from "./model-channel.ts";
import { payeesIn } from "./model-payouts.ts";

const HEADER_BYTES = 80;

type Totals = { acceptedShares: number; difficulty: number; readonly rejects: Map<string, number> };

export class ModelLedger {
  readonly #byIdentity = new Map<string, Totals>();
  /** Blocks that were not compared yet. */
  readonly #blocks: string[] = [];

  add({ owner, code, credit, block }: ModelOutcome): void {
    if (block !== undefined) this.#blocks.push(blockText(block.header, block.owner, block.payee));
    const totals = this.#byIdentity.get(owner) ?? {
      acceptedShares: 0,
      difficulty: 0,
      rejects: new Map(),
    };
    this.#byIdentity.set(owner, totals);
    if (code !== undefined) totals.rejects.set(code, (totals.rejects.get(code) ?? 0) + 1);
    else {
      totals.acceptedShares += 1;
      totals.difficulty += credit;
    }
  }

  /** @param found since the last call, each as it is submitted. */
  expectBlocks(found: readonly { readonly block: Uint8Array; readonly userIdentity: string }[]): void {
    const texts = found.map(({ block, userIdentity }) =>
      blockText(block.subarray(0, HEADER_BYTES), userIdentity, payeesIn(block.subarray(HEADER_BYTES))),
    );
    const missing = this.#blocks.splice(0).sort().join();
    must(
      texts.sort().join() === missing,
      "each share that solves a block gives that block, with the header that was hashed, to whom it is due",
    );
  }

  /** Once everything that was accepted is stored. */
  async expectStored(ledger: ShareLedger): Promise<void> {
    let acceptedShares = 0;
    for (const totals of this.#byIdentity.values()) acceptedShares += totals.acceptedShares;
    must((await ledger.totals()).acceptedShares === acceptedShares, "nobody else earned anything");
    for (const [userIdentity, totals] of this.#byIdentity) {
      expectTotals(await ledger.totalsOf(userIdentity), totals);
    }
  }
}

function blockText(header: Uint8Array, owner: string, payee: string): string {
  return `${Buffer.from(header).toString("hex")} of ${owner} to ${payee}`;
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
