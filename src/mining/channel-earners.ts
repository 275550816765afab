/**
 * Who earns on one channel: the identity under which it was opened and, where shares name their workers (extension
 * 0x0002), those. A worker has an account of its own from its first accepted share on: names alone cost a client
 * nothing, so they take neither memory here nor identities of the ledger.
 */

import type { ChannelCredit } from "../ledger/ledger.ts";
import { Earner } from "./earner.ts";
import type { ShareErrorCode } from "./error-codes.ts";
import { workerIdentity } from "./worker-identity.ts";
import { WorkerTable } from "./worker-table.ts";

/** Some 500 bytes each, paid for with an accepted share. The largest farms behind one proxy have about as many. */
export const MAX_WORKERS = 4_096;

export class ChannelEarners {
  readonly #own: Earner;
  /**
   * Made with the first worker. Several names can be one identity, which is looked up for new names only, so that a
   * flush has one credit for it.
   */
  #workers: { readonly byName: WorkerTable<Earner>; readonly byIdentity: Map<string, Earner> } | undefined;
  /** Those that something happened to since the last `take`, in that order. */
  #active: Earner[] = [];

  /** @param userIdentity of the channel. */
  constructor(userIdentity: string) {
    this.#own = new Earner(userIdentity);
  }

  /** No further name gets an account of its own. */
  get full(): boolean {
    return this.#workers?.byName.full ?? false;
  }

  /**
   * Credits a share to the worker of that name; to the channel's own identity where it has none, or where there are as
   * many workers as are told apart.
   * @param hash 32 bytes, header order.
   */
  accept(worker: Uint8Array, difficulty: number, hash: Uint8Array): void {
    const earner = this.#find(worker) ?? this.#add(worker);
    this.#note(earner);
    earner.accept(difficulty, hash);
  }

  /** Counts a share that was rejected for the worker, once it had one accepted; for the channel's own identity before. */
  reject(worker: Uint8Array, code: ShareErrorCode): void {
    const earner = this.#find(worker) ?? this.#own;
    this.#note(earner);
    earner.reject(code);
  }

  /** What each of them earned and lost since the last call, one credit for an identity. */
  take(): ChannelCredit[] {
    const taken = this.#active.map((earner) => earner.take());
    this.#active = [];
    return taken;
  }

  #note(earner: Earner): void {
    if (earner.empty) this.#active.push(earner);
  }

  #find(worker: Uint8Array): Earner | undefined {
    return worker.length === 0 ? this.#own : this.#workers?.byName.find(worker);
  }

  #add(worker: Uint8Array): Earner {
    const { userIdentity } = this.#own;
    this.#workers ??= { byName: new WorkerTable(MAX_WORKERS), byIdentity: new Map([[userIdentity, this.#own]]) };
    const { byName, byIdentity } = this.#workers;
    if (byName.full) return this.#own;
    const identity = workerIdentity(userIdentity, worker);
    const earner = byIdentity.get(identity) ?? new Earner(identity);
    byIdentity.set(identity, earner);
    byName.add(worker, earner);
    return earner;
  }
}
