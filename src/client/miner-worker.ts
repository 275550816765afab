/**
 * One mining thread: searches the header that it was last given, piece by piece, and looks for a newer one between the
 * pieces. Knows nothing of pools.
 */

import { parentPort } from "node:worker_threads";
import { createNonceScanner } from "../sharecore/index.ts";
import type { ThreadMessage, ThreadOrder } from "./mining-thread.ts";

/** Nonces per piece: some 20 ms of one core, so that a new job waits no longer than that. */
const PIECE = 65_536;

const NONCES = 2 ** 32;

if (parentPort === null) throw new Error("this file runs as a worker thread");
const port = parentPort;
const scanner = createNonceScanner();
let unit = 0;
let next = NONCES;
let scheduled = false;

port.on("message", (order: ThreadOrder) => {
  unit = order.unit;
  next = order.header === undefined ? NONCES : 0;
  if (order.header !== undefined) scanner.init(order.header, order.target);
  schedule();
});

function schedule(): void {
  if (scheduled || next >= NONCES) return;
  scheduled = true;
  setImmediate(searchPiece);
}

function searchPiece(): void {
  scheduled = false;
  if (next >= NONCES) return;
  const count = Math.min(PIECE, NONCES - next);
  const found = scanner.scan(next, count);
  const searched = found === undefined ? count : found + 1 - next;
  next += searched;
  const message: ThreadMessage = { unit, nonce: found, searched, exhausted: next >= NONCES };
  port.postMessage(message);
  schedule();
}
