/**
 * Where and when a miner connects next: to the host of its URL, or to the one that the pool sends it on to by Reconnect.
 * The authority key is always the URL's. SV2 §3.3, §3.6.5.
 */

import { AditError } from "../core/errors.ts";
import { isPoolHost, type PoolAddress } from "../noise/pool-url.ts";
import type { Reconnect } from "../wire/common-messages.ts";
import { ClientError, type ClientErrorCode } from "./errors.ts";

/**
 * Waits between attempts to come back: the first, and the longest after doublings. An accepted share begins them anew;
 * an opened channel alone does not, so that a pool which closes each at once is not asked every second, and neither are
 * two that send their miners to each other.
 */
export const FIRST_RECONNECT_MS = 1_000;
export const LONGEST_RECONNECT_MS = 30_000;

/** Connections to another host that are lost without an accepted share between, before the URL's host is tried again. Arbitrary. */
export const MAX_LOSSES_ELSEWHERE = 3;

/** A pool that answers so does not want this miner, and asking again is of no use. */
const SAYS_NO: ReadonlySet<ClientErrorCode> = new Set(["setup-refused", "extended-channels-required"]);

/** What a Reconnect asks for, and whether that is done. */
export type SentOn = {
  readonly host: string;
  readonly port: number;
  /** `unproven`: without encryption anybody on the way can have said it. `invalid`: there can be no such host. */
  readonly answer: "followed" | "unproven" | "invalid";
};

export class ReconnectPlan {
  readonly #home: PoolAddress;
  #present: PoolAddress;
  #lossesElsewhere = 0;
  #everOpened = false;
  /** The connection that is there is left for another. */
  #isSentOn = false;
  #waitMs = FIRST_RECONNECT_MS;

  /** @param home as the URL has it; without a key in plaintext. */
  constructor(home: PoolAddress) {
    this.#home = home;
    this.#present = home;
  }

  /** Where the miner is connected, or connects next. */
  get present(): PoolAddress {
    return this.#present;
  }

  /** Takes the pool's word on where to connect next, unless it is not to be trusted. */
  sendOn({ new_host, new_port }: Reconnect): SentOn {
    const { host: presentHost, port: presentPort, authorityPublicKey } = this.#present;
    const host = new_host === "" ? presentHost : new_host;
    const port = new_port === 0 ? presentPort : new_port;
    if (!isPoolHost(host)) return { host, port, answer: "invalid" };
    const isProven = authorityPublicKey !== undefined || isSameHost(host, presentHost);
    if (!isProven) return { host, port, answer: "unproven" };
    const isHome = isSameHost(host, this.#home.host) && port === this.#home.port;
    this.#present = isHome ? this.#home : { host, port, authorityPublicKey };
    this.#isSentOn = true;
    this.#lossesElsewhere = 0;
    return { host, port, answer: "followed" };
  }

  noteOpened(): void {
    this.#everOpened = true;
  }

  noteAccepted(): void {
    this.#waitMs = FIRST_RECONNECT_MS;
    this.#lossesElsewhere = 0;
  }

  /**
   * @param error what ended a connection or an attempt; of one that `sendOn` had left it does not matter.
   * @returns the wait before the next one, which can be to another host than `present` was; undefined: there is none.
   */
  afterLoss(error: Error): number | undefined {
    if (this.#isSentOn) {
      this.#isSentOn = false;
      return this.#nextWait();
    }
    // A pool that was mined on once is waited for, whatever became of it, unless it says no or is another one.
    if (!this.#everOpened || !(error instanceof AditError)) return undefined;
    const isWaitedFor = error instanceof ClientError && !SAYS_NO.has(error.code);
    if (this.#present === this.#home) return isWaitedFor ? this.#nextWait() : undefined;
    // What is wrong with another host says nothing of the URL's own.
    this.#lossesElsewhere += 1;
    if (!isWaitedFor || this.#lossesElsewhere >= MAX_LOSSES_ELSEWHERE) this.#present = this.#home;
    return this.#nextWait();
  }

  #nextWait(): number {
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(2 * waitMs, LONGEST_RECONNECT_MS);
    return waitMs;
  }
}

function isSameHost(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
