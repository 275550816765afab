/** A miner for tests: one channel over a real socket, that mines when it is told to. */

import { coinbaseOutputs } from "../../src/bitcoin/read-coinbase.ts";
import type { TransactionOutput } from "../../src/bitcoin/transaction.ts";
import { MiningClient } from "../../src/client/mining-client.ts";
import { PoolConnection } from "../../src/client/pool-connection.ts";
import type { WorkUnit } from "../../src/client/work.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createNonceScanner } from "../../src/sharecore/index.ts";
import { until } from "./wait.ts";

export type TestMinerOptions = {
  readonly port: number;
  readonly kind: "standard" | "extended";
  readonly user?: string;
  readonly nominalHashrate?: number;
  /** Called with each SubmitShares.Success. */
  readonly onAccepted?: () => void;
  /** Undefined: plaintext. */
  readonly authorityPublicKey?: Uint8Array | undefined;
};

const scanner = createNonceScanner();

export class TestMiner {
  readonly #connection: PoolConnection;
  readonly #client: MiningClient;
  #open = false;
  /** Times that another job came. */
  works = 0;
  accepted = 0;
  acknowledgedDifficulty = 0n;
  submitted = 0;
  readonly rejected: { readonly sequenceNumber: number; readonly errorCode: string }[] = [];
  channelId = 0;
  /** Of the newest extended job's coinbase. */
  outputs: readonly TransactionOutput[] = [];
  extranoncePrefix: Uint8Array = new Uint8Array(0);
  ended: Error | undefined;

  constructor(options: TestMinerOptions) {
    const { port, authorityPublicKey } = options;
    this.#connection = new PoolConnection(
      { host: "127.0.0.1", port, authorityPublicKey },
      {
        onReady: () => this.#client.begin(),
        onFrame: (header, payload) => this.#client.receive(header, payload),
        onEnd: (error) => {
          this.ended = error;
        },
      },
      { clock: systemClock },
    );
    this.#client = new MiningClient(
      {
        kind: options.kind,
        host: "127.0.0.1",
        port,
        userIdentity: new TextEncoder().encode(options.user ?? "tester"),
        nominalHashrate: options.nominalHashrate ?? 0,
        vendor: "test",
        firmware: "test",
      },
      {
        send: (frame) => this.#connection.send(frame),
        onOpen: ({ channelId, extranoncePrefix }) => {
          this.#open = true;
          this.channelId = channelId;
          this.extranoncePrefix = extranoncePrefix;
        },
        onWork: () => {
          this.works += 1;
        },
        onTarget: () => undefined,
        onExtendedJob: ({ coinbase_tx_prefix: prefix, coinbase_tx_suffix: suffix }, extranonceBytes) => {
          this.outputs = coinbaseOutputs({ prefix, extranonceBytes, suffix });
        },
        onAccepted: ({ shares, difficulty }) => {
          this.accepted += shares;
          this.acknowledgedDifficulty += difficulty;
          options.onAccepted?.();
        },
        onRejected: (rejected) => this.rejected.push(rejected),
        onClosed: () => {
          this.#open = false;
        },
        onReconnect: () => undefined,
      },
    );
  }

  /** Resolves when the channel is open and has a job. */
  async ready(): Promise<this> {
    await until("the channel has a job", () => {
      if (this.ended !== undefined) throw this.ended;
      return this.#open && this.works > 0;
    });
    return this;
  }

  unit(): WorkUnit {
    const unit = this.#client.nextUnit();
    if (unit === undefined) throw new Error("there is no job");
    return unit;
  }

  /** Finds a share of the present job and sends it. @param wanted what its hash has to meet: the share target or a block's. */
  mine(wanted: "share" | "block" = "share"): { readonly unit: WorkUnit; readonly nonce: number } {
    const unit = this.unit();
    const nonce = solve(unit, wanted);
    this.send(unit, nonce);
    return { unit, nonce };
  }

  /** @returns the share's sequence number. */
  send(unit: WorkUnit, nonce: number): number {
    this.submitted += 1;
    return this.#client.submit(unit, nonce);
  }

  close(): void {
    this.#client.close();
    this.#connection.close();
  }
}

/** A nonce whose header meets the unit's share target, or the network's. */
export function solve(unit: WorkUnit, wanted: "share" | "block", from = 0): number {
  scanner.init(unit.header, wanted === "share" ? unit.target : unit.networkTarget);
  const nonce = scanner.scan(from, 1 << 24);
  if (nonce === undefined) throw new Error("no nonce within 2^24");
  return nonce;
}
