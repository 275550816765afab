/** What one identity earned and lost on one channel since the last flush. Filled per share, emptied per flush. */

import { difficultyOfHash } from "../bitcoin/target.ts";
import { compareLittleEndian256 } from "../core/bytes.ts";
import type { ChannelCredit } from "../ledger/ledger.ts";
import type { ShareErrorCode } from "./error-codes.ts";

/** Most flushes are without any. */
const NO_REJECTS: ChannelCredit["rejects"] = Object.freeze({});

export class Earner {
  readonly userIdentity: string;
  #acceptedShares = 0;
  #difficulty = 0;
  readonly #bestHash = new Uint8Array(32).fill(0xff);
  #rejects: Map<ShareErrorCode, number> | undefined;

  constructor(userIdentity: string) {
    this.userIdentity = userIdentity;
  }

  /** Nothing happened since the last `take`. */
  get empty(): boolean {
    return this.#acceptedShares === 0 && this.#rejects === undefined;
  }

  /** @param hash 32 bytes, header order. */
  accept(difficulty: number, hash: Uint8Array): void {
    this.#acceptedShares += 1;
    this.#difficulty += difficulty;
    if (compareLittleEndian256(hash, this.#bestHash) < 0) this.#bestHash.set(hash);
  }

  reject(code: ShareErrorCode): void {
    this.#rejects ??= new Map();
    this.#rejects.set(code, (this.#rejects.get(code) ?? 0) + 1);
  }

  /** Returns what was gathered, as the ledger takes it, and begins anew. */
  take(): ChannelCredit {
    const taken = {
      userIdentity: this.userIdentity,
      acceptedShares: this.#acceptedShares,
      difficulty: this.#difficulty,
      bestDifficulty: this.#acceptedShares === 0 ? 0 : difficultyOfHash(this.#bestHash),
      rejects: this.#rejects === undefined ? NO_REJECTS : Object.fromEntries(this.#rejects),
    };
    this.#acceptedShares = 0;
    this.#difficulty = 0;
    this.#bestHash.fill(0xff);
    this.#rejects = undefined;
    return taken;
  }
}
