/**
 * The load of a crash test: many miners on one pool, whose records say what each was promised. A miner lives as long as
 * its pool, and has an identity of its own.
 */

import { sha256d } from "../../src/bitcoin/hash.ts";
import { compareLittleEndian256, reversed, toHex } from "../../src/core/bytes.ts";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { solve, TestMiner } from "../support/test-miner.ts";

/** A share that solves a block. Hashes as explorers print them. */
export type SolvedBlock = { readonly hash: string; readonly parent: string };

type SentShare = { readonly sequenceNumber: number; readonly solved: SolvedBlock | undefined };

/** What a miner sent and was told, until its pool was killed. */
class RecordedMiner {
  readonly user: string;
  readonly miner: TestMiner;
  readonly #sent: SentShare[] = [];

  constructor(user: string, options: Omit<ConstructorParameters<typeof TestMiner>[0], "user">) {
    this.user = user;
    this.miner = new TestMiner({ ...options, user });
  }

  mine(wanted: "share" | "block"): void {
    const unit = this.miner.unit();
    const nonce = solve(unit, wanted);
    const header = unit.header.slice();
    new DataView(header.buffer).setUint32(76, nonce, true);
    const hash = sha256d(header);
    const isBlock = compareLittleEndian256(hash, unit.networkTarget) <= 0;
    const parent = toHex(reversed(header.subarray(4, 36)));
    const solved = isBlock ? { hash: toHex(reversed(hash)), parent } : undefined;
    this.#sent.push({ sequenceNumber: this.miner.send(unit, nonce), solved });
  }

  /** Shares that got SubmitShares.Success, in the order in which they were sent. */
  get acknowledged(): readonly SentShare[] {
    return this.#notRejected.slice(0, this.miner.accepted);
  }

  /** All that the ledger may have: what is acknowledged, and what nobody said anything of. */
  get possible(): number {
    return this.#notRejected.length;
  }

  get solved(): readonly SolvedBlock[] {
    return this.#sent.flatMap(({ solved }) => solved ?? []);
  }

  get #notRejected(): readonly SentShare[] {
    const rejected = new Set(this.miner.rejected.map(({ sequenceNumber }) => sequenceNumber));
    return this.#sent.filter(({ sequenceNumber }) => !rejected.has(sequenceNumber));
  }
}

export type MinerRecord = {
  readonly user: string;
  /** At least so many shares and so much difficulty have to be in the ledger. */
  readonly acknowledged: number;
  readonly acknowledgedDifficulty: number;
  /** And no more than so many. */
  readonly possible: number;
};

export type LoadMix = {
  /** One share in so many is one that solves a block; others may solve one by chance. */
  readonly blockOneIn: number;
  /** Shares that are sent together, and the pause after them. */
  readonly atOnce: number;
  readonly pauseMs: number;
};

/** Of all miners of all pools, one after the other. */
export class CrashLoad {
  readonly #random: SeededRandom;
  readonly #records: RecordedMiner[] = [];
  #miners: RecordedMiner[] = [];
  #pools = 0;
  #onAcknowledgement: () => void = () => undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Connects so many miners, half of them on either kind of channel. Resolves when each has a job. */
  async connect(url: string, count: number): Promise<void> {
    const { port } = parsePoolUrl(url);
    this.#pools += 1;
    this.#miners = Array.from({ length: count }, (_, index) => {
      const kind = index % 2 === 0 ? "standard" : "extended";
      const onAccepted = (): void => this.#onAcknowledgement();
      return new RecordedMiner(`pool${this.#pools}.miner${index}`, { port, kind, onAccepted });
    });
    this.#records.push(...this.#miners);
    await Promise.all(this.#miners.map(({ miner }) => miner.ready()));
  }

  /** Shares of miners by chance until that time; each so often one that solves a block. */
  async mine(durationMs: number, { blockOneIn, atOnce, pauseMs }: LoadMix): Promise<void> {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      for (let shares = 0; shares < atOnce; shares += 1) {
        const miner = this.#miners[this.#random.between(0, this.#miners.length - 1)];
        miner?.mine(this.#random.between(1, blockOneIn) === 1 ? "block" : "share");
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Goes on until the next acknowledgement, and calls `act` in that very moment. */
  async mineUntilAcknowledged(act: () => void, mix: LoadMix): Promise<void> {
    let isAcknowledged = false;
    this.#onAcknowledgement = () => {
      this.#onAcknowledgement = () => undefined;
      isAcknowledged = true;
      act();
    };
    while (!isAcknowledged) await this.mine(5, mix);
  }

  /** Ends the miners: what they have been told by now is their record. */
  disconnect(): void {
    for (const { miner } of this.#miners) miner.close();
    this.#miners = [];
  }

  /** Shares of the present miners that nobody has said anything of. */
  get unanswered(): number {
    return this.#miners.reduce((sum, { possible, miner }) => sum + possible - miner.accepted, 0);
  }

  /** Shares of the present miners. */
  get acknowledged(): number {
    return this.#miners.reduce((sum, { miner }) => sum + miner.accepted, 0);
  }

  get records(): MinerRecord[] {
    return this.#records.map(({ user, miner, acknowledged, possible }) => ({
      user,
      acknowledged: acknowledged.length,
      acknowledgedDifficulty: Number(miner.acknowledgedDifficulty),
      possible,
    }));
  }

  /** Blocks whose shares were acknowledged. */
  get promised(): SolvedBlock[] {
    return this.#records.flatMap(({ acknowledged }) => acknowledged.flatMap(({ solved }) => solved ?? []));
  }

  /** By its parent each block that a miner sent: of two on one parent one alone can be on the chain. */
  get solvedByParent(): ReadonlyMap<string, readonly string[]> {
    const byParent = new Map<string, string[]>();
    for (const { hash, parent } of this.#records.flatMap(({ solved }) => solved)) {
      byParent.set(parent, [...(byParent.get(parent) ?? []), hash]);
    }
    return byParent;
  }
}
