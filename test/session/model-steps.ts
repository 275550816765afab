/** What can happen to a pool in the model, as plain values that fast-check draws and makes smaller. */

import fc from "fast-check";
import { IDENTITIES } from "./model-payouts.ts";
import { WORKER_WISHES } from "./model-workers.ts";

/** Which connection, which channel of it: taken modulo how many there are. */
const conn = fc.nat({ max: 2 });
const pick = fc.nat({ max: 7 });

const rate = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0, 0, 2, 4) },
  { weight: 1, arbitrary: fc.constantFrom(1e12, -1, Number.NaN, Number.POSITIVE_INFINITY) },
);
/** Bits of the easiest target that the client can work with; 0 stands for the target 0. */
const targetBits = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(256, 256, 256, 254) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 200) },
);

const open = fc.record({
  kind: fc.constant("open" as const),
  conn,
  channel: fc.constantFrom("standard" as const, "extended" as const),
  size: fc.constantFrom(0, 0, 8, 8, 11, 16, 17, 65_535),
  identity: fc.nat({ max: IDENTITIES.length - 1 }),
  rate,
  targetBits,
});

const share = fc.record({
  kind: fc.constant("share" as const),
  conn,
  pick,
  job: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ from: fc.constant("newest" as const), back: fc.constantFrom(0, 0, 0, 1, 2, 15, 16) }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { from: "unknown" as const },
        { from: "pending" as const },
        { from: "other" as const },
      ),
    },
  ),
  ntime: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom("least" as const, "later" as const) },
    { weight: 1, arbitrary: fc.constantFrom("below" as const, "last" as const, "beyond" as const) },
  ),
  version: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(0, 0x20, 0x1fffe000) },
    { weight: 1, arbitrary: fc.constantFrom(1, 0x20000000, 0x80000000) },
  ),
  /** Bytes of extranonce too many or too few. */
  excess: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, -1, 1),
  fill: fc.nat({ max: 1 }),
  nonce: fc.nat({ max: 12 }),
  worker: fc.oneof(
    { weight: 1, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...WORKER_WISHES) },
  ),
  /** The turn of the event loop goes on: what happens next happens in it. */
  more: fc.boolean(),
  /** So many hundredths of the frame come now, and the rest before whatever its sender does next. */
  cut: fc.oneof({ weight: 4, arbitrary: fc.constant(100) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 99 }) }),
});

const others = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("repeat" as const),
      conn,
      pick,
      which: pick,
      underNewest: fc.boolean(),
      more: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("stray" as const),
      conn,
      channel: fc.constantFrom("zero" as const, "group" as const, "closed" as const, "never" as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("template" as const),
      tip: fc.nat({ max: 2 }),
      seconds: fc.constantFrom(0, 0, 30, -30, 600),
      branches: fc.nat({ max: 2 }),
      easy: fc.boolean(),
      /** So many times, as a node refreshes it: 17 are more than a channel's jobs. */
      times: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 17),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("update" as const), conn, pick, rate, targetBits, known: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("close" as const),
      conn,
      pick,
      what: fc.constantFrom("channel" as const, "channel" as const, "group" as const, "unknown" as const),
      more: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(100, 250, 1_500, 6_000, 90_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("reconfigure" as const),
      instanceId: fc.nat({ max: 2 }),
      mode: fc.constantFrom("pool" as const, "identity" as const, "identity" as const, "solo" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("there and back" as const), tip: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("bad template" as const), tip: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("suspend" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hold" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("deliver" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("ledger fails" as const),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("keep alive" as const), conn }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("extensions" as const),
      conn,
      wanted: fc.constantFrom([2], [2], [1, 2], [2, 3, 2], [3], []),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("idle talk" as const),
      conn,
      what: fc.constantFrom("custom job" as const, "unknown" as const, "extension" as const, "endpoint" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      conn,
      how: fc.constantFrom(
        "close" as const,
        "server-only" as const,
        "second setup" as const,
        "malformed share" as const,
        "too long" as const,
      ),
    }),
  },
);

export const step = fc.oneof(
  { weight: 5, arbitrary: open },
  { weight: 20, arbitrary: share },
  { weight: 10, arbitrary: others },
);

export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export type StepOf<Kind extends Step["kind"]> = Extract<Step, { readonly kind: Kind }>;

/** An id that no connection of the model comes to. */
export const NEVER_GIVEN = 0x7fffffff;
