import { beforeEach, describe, expect, it } from "vitest";
import { Reconnect } from "../../src/wire/common-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { until, within } from "../support/wait.ts";
import { RawPeer } from "./raw-peer.ts";
import { ServiceBench } from "./service-bench.ts";
import { isTaken, someTurns } from "./stratum-bench.ts";

const STORE_GRACE_MS = 2_000;
const CLOSE_GRACE_MS = 2_000;
const RETRY_MS = 1_000;
const NOT_STORED = "shares not stored in time: they are not acknowledged";

let bench: ServiceBench;
let peer: RawPeer;
let id: number;
beforeEach(async () => {
  bench = await ServiceBench.start({ stratum: { reconnectTo: { host: "pool-b.example", port: 3335 } } });
  ({ peer, id } = await bench.miner());
});

/** Whether the stop is over yet, and its end. */
function stop(): { readonly done: () => boolean; readonly ended: Promise<void> } {
  let done = false;
  const stopped = bench.stopping().then(() => {
    done = true;
  });
  return { done: () => done, ended: within(stopped, "the stop") };
}

/** The miner's share is accepted, and its acknowledgement waits. */
async function share(): Promise<void> {
  const taken = bench.validator.taken.length;
  peer.share(id);
  await until("the share is with the validator", () => bench.validator.taken.length > taken);
}

/** The ledger refuses what the stop gives it, and is asked once more. */
async function failsAndIsTriedAgain(): Promise<void> {
  await until("it is with the ledger", () => bench.ledger.commits.length === 1);
  bench.ledger.commits[0]?.reject(new Error("the disk is full"));
  await bench.clock.waiting(RETRY_MS);
  bench.clock.advance(RETRY_MS);
  await until("it is tried again", () => bench.ledger.commits.length === 2);
}

describe("a stop", () => {
  it("lets nobody in, reads no more, settles, stores, acknowledges, sends elsewhere, and closes: in that order", async () => {
    bench.validator.holding = true;
    await share();
    const { done, ended } = stop();
    expect(await isTaken(bench.port)).toBe(false);
    peer.share(id);
    await someTurns();
    expect([bench.validator.taken, bench.ledger.commits.length, peer.unread]).toEqual([[1], 0, 0]);
    bench.validator.deliver();
    await until("it is with the ledger", () => bench.ledger.commits.length === 1);
    await someTurns();
    expect([peer.unread, bench.service.connections, done()]).toEqual([0, 1, false]);
    bench.ledger.commits[0]?.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
    expect(await peer.next(Reconnect)).toEqual({ new_host: "pool-b.example", new_port: 3335 });
    await within(peer.closed, "the end of the connection");
    expect(peer.unread).toBe(0);
    await ended;
    expect(bench.service.shares).toEqual({ stored: 1, unstored: 0 });
    expect(bench.logger.of(NOT_STORED)).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it("waits for a commit that is under way, and for the shares that came while it was", async () => {
    await share();
    bench.clock.advance(250);
    await until("it is with the ledger", () => bench.ledger.commits.length === 1);
    await share();
    const { ended } = stop();
    await someTurns();
    expect(bench.ledger.commits).toHaveLength(1);
    bench.ledger.commits[0]?.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
    await until("the second one is with the ledger", () => bench.ledger.commits.length === 2);
    await someTurns();
    expect(peer.unread).toBe(0);
    bench.ledger.commits[1]?.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
    await peer.next(Reconnect);
    await ended;
    expect(bench.service.shares).toEqual({ stored: 2, unstored: 0 });
  });

  it("tries once more what the ledger could not store at first", async () => {
    await share();
    const { ended } = stop();
    await failsAndIsTriedAgain();
    bench.ledger.commits[1]?.resolve();
    await peer.next(SubmitSharesSuccess);
    await peer.next(Reconnect);
    await ended;
    expect(bench.service.shares).toEqual({ stored: 1, unstored: 0 });
  });

  it("cuts off a miner that does not close its side, two seconds after its own end", async () => {
    const stubborn = new RawPeer({ port: bench.port, keepsOpen: true });
    await stubborn.setUp();
    const { done, ended } = stop();
    await stubborn.next(Reconnect);
    await within(stubborn.ended, "the server's end");
    await within(peer.closed, "the end of the other connection");
    bench.clock.advance(CLOSE_GRACE_MS - 1);
    await someTurns();
    expect([bench.service.connections, done()]).toEqual([1, false]);
    bench.clock.advance(1);
    await ended;
    stubborn.socket.destroy();
  });

  it("closes all there is to close where a node cannot be stopped, and says so", async () => {
    const error = new Error("it is stuck");
    bench.node.stop = () => Promise.reject(error);
    const { ended } = stop();
    await ended;
    expect(bench.logger.of("a part of the pool did not stop")).toEqual([{ error }]);
    expect([bench.otherNode.stopped, bench.validator.closed, bench.ledger.closed]).toEqual([true, true, true]);
    expect(bench.service.connections).toBe(0);
  });
});

/** Not earlier, and not later. */
async function letsGoAfterTwoSeconds(): Promise<void> {
  bench.clock.advance(STORE_GRACE_MS - 1);
  await someTurns();
  expect([peer.unread, bench.service.connections]).toEqual([0, 1]);
  bench.clock.advance(1);
  await peer.next(Reconnect);
  await within(peer.closed, "the end of the connection");
}

describe("a stop whose ledger", () => {
  it("hangs holds no miner for longer than two seconds, acknowledges nothing, and says what was not stored", async () => {
    await share();
    await share();
    const { ended } = stop();
    await until("they are with the ledger", () => bench.ledger.commits.length === 1);
    await letsGoAfterTwoSeconds();
    await ended;
    expect(bench.logger.of(NOT_STORED)).toEqual([{ shares: 2 }]);
    expect(bench.service.shares).toEqual({ stored: 0, unstored: 2 });
    expect(bench.ledger.closed).toBe(true);
    expect(bench.clock.pending).toBe(0);
    // It may answer for all that: nobody is left to be told.
    bench.ledger.commits[0]?.resolve();
    await someTurns();
    expect([bench.service.shares.stored, peer.unread]).toEqual([2, 0]);
  });

  it("fails each time is not asked for ever", async () => {
    await share();
    const { ended } = stop();
    await failsAndIsTriedAgain();
    bench.clock.advance(STORE_GRACE_MS - RETRY_MS);
    await peer.next(Reconnect);
    await ended;
    bench.ledger.commits[1]?.reject(new Error("the disk is full"));
    await someTurns();
    expect(bench.clock.pending).toBe(0);
    expect(bench.service.shares.unstored).toBe(1);
  });
});

describe("a stop whose validator hangs", () => {
  it("holds no miner for longer than two seconds, and what comes of it then is not stored", async () => {
    bench.validator.holding = true;
    await share();
    const { ended } = stop();
    await bench.clock.waiting(STORE_GRACE_MS);
    await letsGoAfterTwoSeconds();
    await ended;
    expect(bench.logger.of("shares not validated in time: they are not acknowledged")).toHaveLength(1);
    bench.validator.deliver();
    await someTurns();
    expect([bench.ledger.commits.length, bench.service.shares.unstored, bench.clock.pending]).toEqual([0, 1, 0]);
  });
});
