/**
 * What the miner tells while it runs. Each event is a plain value: `adit miner --json` prints it as it is, and
 * docs/miner.md lists its fields.
 */

import type { MinerStats } from "./miner-stats.ts";
import type { PaidOutput } from "./payout-watch.ts";
import type { SentOn } from "./reconnect-plan.ts";

export type MinerEvent =
  | {
      readonly event: "opened";
      readonly host: string;
      readonly port: number;
      readonly channelId: number;
      readonly channel: "standard" | "extended";
      readonly difficulty: number;
      /** Hashes per second, as they were announced to the pool. */
      readonly nominalHashrate: number;
    }
  /** Of an extended channel's first job, and of each that pays others than the one before. */
  | {
      readonly event: "payout";
      /** Null where they cannot be read. */
      readonly outputs: readonly PaidOutput[] | null;
    }
  | {
      readonly event: "accepted";
      /** How many the pool acknowledged at once. */
      readonly shares: number;
      /** How many there are now. */
      readonly accepted: number;
    }
  | { readonly event: "rejected"; readonly sequenceNumber: number; readonly errorCode: string }
  | {
      readonly event: "block";
      /** As explorers print it. */
      readonly hash: string;
      readonly sequenceNumber: number;
      readonly jobId: number;
    }
  | { readonly event: "disconnected"; readonly code: string; readonly error: string; readonly retryMs: number }
  /** The pool asks its miners to connect to another host, or anew to the same. */
  | ({ readonly event: "reconnect" } & SentOn)
  /** Each second. */
  | ({ readonly event: "progress"; readonly connected: boolean } & MinerStats)
  | { readonly event: "failed"; readonly code: string; readonly error: string }
  /** The last one, always. Its hashrate is the average since the first channel was opened. */
  | ({ readonly event: "finished"; readonly exitCode: 0 | 1 } & MinerStats);
