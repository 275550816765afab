/** The pool of a crash test: the same data folder over many processes, each of which is killed but the last. */

import { join } from "node:path";
import { expect } from "vitest";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { adit, type Run } from "../app/adit-process.ts";
import type { CrashLoad, SolvedBlock } from "./crash-load.ts";

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

  /** @returns its URL. */
  async start(): Promise<string> {
    this.run = adit(this.#args, this.#environment);
    return await this.run.url();
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
