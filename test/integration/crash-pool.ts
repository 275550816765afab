/** The pool of a crash test: the same data folder over many processes, each of which is killed but the last. */

import { join } from "node:path";
import { expect } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { reversed, toHex } from "../../src/core/bytes.ts";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { adit, type Run } from "../app/adit-process.ts";
import type { BcoinNode } from "../support/bcoin-node.ts";
import type { CrashLoad, SolvedBlock } from "./crash-load.ts";

/** Arguments and environment of a pool on that node, whose shares each solve a block. */
export function onBcoin(node: BcoinNode): readonly [readonly string[], Record<string, string>] {
  const address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
  const rpc = ["--rpc-url", node.rpcUrl, "--rpc-user", "pool", "--rpc-password", node.password];
  const args = ["--network", "regtest", "--payout-address", address, ...rpc];
  return [args, { ADIT_MINING__MIN_DIFFICULTY: "0", ADIT_VARDIFF__ENABLED: "false" }];
}

/** The node's blocks from that height on: their hashes as explorers print them. */
export async function chainOf(node: BcoinNode, from: number): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (let height = from; height <= node.height; height += 1) {
    const block = await node.blockBytes(height);
    hashes.add(toHex(reversed(sha256d(block.subarray(0, 80)))));
  }
  return hashes;
}

export class CrashPool {
  readonly #args: readonly string[];
  readonly #environment: Record<string, string>;
  readonly folder: string;
  run: Run | undefined;

  constructor(folder: string, args: readonly string[], environment: Record<string, string>) {
    this.folder = folder;
    this.#args = ["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0", ...args];
    this.#environment = { ADIT_LOG__FORMAT: "json", ADIT_MINING__ACK_INTERVAL_MS: "50", ...environment };
  }

  /** @param launcher a command that becomes the pool. @returns its URL. */
  async start(launcher: readonly string[] = []): Promise<string> {
    this.run = adit(this.#args, this.#environment, launcher);
    return await this.run.url();
  }

  /** How often this process has logged that. */
  said(message: string): number {
    return (this.run?.stderr.split(`"${message}"`).length ?? 1) - 1;
  }

  /** It has its signal when it returns, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.run?.process.kill("SIGKILL");
    await this.run?.ended;
  }

  async stop(): Promise<void> {
    this.run?.process.kill("SIGTERM");
    expect(await this.run?.ended, this.run?.stderr.slice(-2_000)).toEqual({ code: 0, signal: null });
  }

  /** Each acknowledged share is in the ledger, none is in it twice, and nothing that nobody sent. */
  async checkLedger(load: CrashLoad): Promise<void> {
    const ledger = new LedgerFileReader(join(this.folder, "ledger.db"));
    let [stored, possibleAll] = [0, 0];
    for (const { user, acknowledged, acknowledgedDifficulty, possible } of load.records) {
      const { acceptedShares, difficulty } = await ledger.totalsOf(user);
      expect(acceptedShares, user).toBeGreaterThanOrEqual(acknowledged);
      expect(acceptedShares, user).toBeLessThanOrEqual(possible);
      expect(difficulty, user).toBeGreaterThanOrEqual(acknowledgedDifficulty);
      stored += acceptedShares;
      possibleAll += possible;
    }
    expect((await ledger.totals()).acceptedShares).toBe(stored);
    expect(stored).toBeLessThanOrEqual(possibleAll);
    await ledger.close();
  }
}

/** Promised blocks that are on no chain though no other block of these miners on the same parent is. */
export function lostBlocks(load: CrashLoad, onChain: ReadonlySet<string>): readonly SolvedBlock[] {
  const siblings = load.solvedByParent;
  const isDecided = (parent: string): boolean => (siblings.get(parent) ?? []).some((hash) => onChain.has(hash));
  return load.promised.filter(({ parent }) => !isDecided(parent));
}
