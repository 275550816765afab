/** What tells the jobs of one template apart: channels of one kind share the bytes of their jobs. Plain values. */

import type { Payout } from "./payout.ts";

export type WorkKind = {
  /** The same text for the same kind. */
  readonly key: string;
  /** Bytes between the coinbase halves: extranonce prefix and rollable part together. */
  readonly extranonceBytes: number;
  readonly payout: Payout;
};

export function workKind(extranonceBytes: number, payout: Payout): WorkKind {
  return { key: `${extranonceBytes} ${payout.key}`, extranonceBytes, payout };
}
