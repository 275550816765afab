import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { targetFromBytes } from "../../src/bitcoin/target.ts";
import { DuplicateTable } from "../../src/mining/duplicate-table.ts";
import { CloseChannel, OpenStandardMiningChannelSuccess, UpdateChannel } from "../../src/wire/channel-messages.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { SubmitSharesError, type SubmitSharesStandard, SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { until, within } from "../support/wait.ts";
import type { RawPeer } from "./raw-peer.ts";
import { ACK_INTERVAL_MS, EASY_BITS, ServiceBench, solvingNonce } from "./service-bench.ts";
import { someTurns } from "./stratum-bench.ts";

const EASIEST = new Uint8Array(32).fill(0xff);

let bench: ServiceBench;
beforeEach(async () => {
  bench = await ServiceBench.start();
});
afterEach(() => vi.restoreAllMocks());

async function committed(batches: number): Promise<void> {
  await until(`${batches} batches are with the ledger`, () => bench.ledger.commits.length === batches);
}

describe("a share", () => {
  it("that is good is stored after the interval, and acknowledged once it is stored", async () => {
    const { peer, id } = await bench.miner();
    peer.share(id);
    peer.share(id);
    await someTurns();
    bench.clock.advance(ACK_INTERVAL_MS);
    await committed(1);
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([{ userIdentity: "alice", acceptedShares: 2 }]);
    await someTurns();
    expect(peer.unread).toBe(0);
    bench.ledger.commits[0]?.resolve();
    expect(await peer.next(SubmitSharesSuccess)).toMatchObject({
      channel_id: id,
      last_sequence_number: 2,
      new_submits_accepted_count: 2,
    });
  });

  it("that is bad is answered at once, whatever the ledger does; it is stored with the next batch", async () => {
    const { peer, id } = await bench.miner();
    peer.share(id, { job_id: 99 });
    expect(await peer.next(SubmitSharesError)).toEqual({
      channel_id: id,
      sequence_number: 1,
      error_code: "invalid-job-id",
    });
    expect(bench.ledger.commits).toEqual([]);
    bench.clock.advance(ACK_INTERVAL_MS);
    await committed(1);
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([{ rejects: { "invalid-job-id": 1 } }]);
    peer.share(id, { ntime: 0 });
    expect((await peer.next(SubmitSharesError)).error_code).toBe("invalid-timestamp");
  });

  it("that solves a block goes to every node before spool or ledger hear of it, and is acknowledged once both have it", async () => {
    bench.give({ bits: EASY_BITS });
    const { peer, id } = await bench.miner();
    const before: number[] = [];
    for (const node of [bench.node, bench.otherNode]) {
      node.onSubmit = () =>
        before.push(bench.ledger.records.length + bench.ledger.commits.length + bench.spool.kept.length);
    }
    peer.share(id, { nonce: solvingNonce(peer.newest) });
    await committed(1);
    expect(before).toEqual([0, 0]);
    expect(bench.logger.of("block found")).toMatchObject([{ user: "alice", height: 900_001 }]);
    expect(bench.ledger.records[0]?.value).toMatchObject({ fate: "submitted", userIdentity: "alice" });
    bench.ledger.commits[0]?.resolve();
    await until("the ledger has it", () => bench.service.shares.stored === 1);
    peer.send(UpdateChannel, { channel_id: id, nominal_hash_rate: 1e9, maximum_target: EASIEST });
    // The next frame is not the acknowledgement.
    await peer.next(SetTarget);
    bench.spool.kept[0]?.write();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
  });

  it("that solves a block is submitted even where it is rejected", async () => {
    bench.give({ bits: EASY_BITS });
    const { peer, id } = await bench.miner();
    const nonce = solvingNonce(peer.newest);
    bench.give({ bits: EASY_BITS, prevHash: new Uint8Array(32).fill(2) });
    const stale = peer.newest;
    await peer.job();
    peer.share(id, { nonce, job_id: stale?.job_id ?? 0 });
    expect((await peer.next(SubmitSharesError)).error_code).toBe("stale-share");
    expect(bench.node.submissions).toHaveLength(1);
  });
});

describe("a channel that its client closes while shares of it are validated", () => {
  /** Returns when the pool has closed it. */
  async function close(peer: RawPeer, channel_id: number): Promise<void> {
    peer.send(CloseChannel, { channel_id, reason_code: "" });
    await until("the channel is closed", () => bench.service.channels === 1);
  }

  /** Nothing came for the closed channel: the next frame answers the other one. */
  async function expectSilence(peer: RawPeer, other: number): Promise<void> {
    peer.send(UpdateChannel, { channel_id: other, nominal_hash_rate: 1e9, maximum_target: EASIEST });
    expect(await peer.next(SetTarget)).toMatchObject({ channel_id: other });
  }

  async function heldShare(fields: Partial<SubmitSharesStandard> = {}): Promise<{ peer: RawPeer; other: number }> {
    const { peer, id } = await bench.miner();
    const job_id = peer.newest?.job_id ?? 0;
    const other = await peer.open();
    bench.validator.holding = true;
    peer.share(id, { job_id, ...fields });
    await until("a verdict is held back", () => bench.validator.held === 1);
    await close(peer, id);
    bench.validator.deliver();
    bench.clock.advance(ACK_INTERVAL_MS);
    await committed(1);
    bench.ledger.commits[0]?.resolve();
    return { peer, other };
  }

  it("is told of none that is rejected; what was wrong is stored", async () => {
    const { peer, other } = await heldShare({ job_id: 99 });
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([{ rejects: { "invalid-job-id": 1 } }]);
    await expectSilence(peer, other);
  });

  it("is told of none that is accepted; what it earned is stored", async () => {
    const { peer, other } = await heldShare();
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([{ userIdentity: "alice", acceptedShares: 1 }]);
    await expectSilence(peer, other);
  });
});

describe("a channel whose memory of shares is full", () => {
  it("is closed with the reason; the connection lives on with its other channels, and ends with its last", async () => {
    const peer = await bench.join();
    const first = await peer.open();
    const job_id = peer.newest?.job_id ?? 0;
    const second = await peer.open();
    vi.spyOn(DuplicateTable.prototype, "add").mockReturnValue("full");
    peer.share(first, { job_id });
    expect(await peer.next(CloseChannel)).toEqual({ channel_id: first, reason_code: "too-many-shares-on-one-tip" });
    expect(bench.service.channels).toBe(1);
    peer.share(second);
    expect(await peer.next(CloseChannel)).toEqual({ channel_id: second, reason_code: "too-many-shares-on-one-tip" });
    await within(peer.closed, "the end of the connection");
    expect(bench.service.channels).toBe(0);
    expect(bench.logger.of("connection ended")).toMatchObject([{ reason: "duplicates-full" }]);
  });
});

describe("a validator that has no room", () => {
  it("pauses the reading from those who send more until it has room again, and no share is lost", async () => {
    const [{ peer, id }, other] = [await bench.miner(), await bench.miner()];
    const askForTarget = (of: typeof other): void => {
      of.peer.send(UpdateChannel, { channel_id: of.id, nominal_hash_rate: 1e9, maximum_target: EASIEST });
    };
    bench.validator.refusing = true;
    peer.share(id);
    await someTurns();
    peer.share(id);
    await someTurns();
    askForTarget({ peer, id });
    askForTarget(other);
    await other.peer.next(SetTarget);
    expect(peer.unread).toBe(0);
    bench.validator.drain();
    await peer.next(SetTarget);
    bench.clock.advance(ACK_INTERVAL_MS);
    await committed(1);
    bench.ledger.commits[0]?.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(2);
  });
});

describe("difficulty control", () => {
  it("looks at each channel every second: one that finds nothing gets an easier target", async () => {
    await bench.stop();
    bench = await ServiceBench.start({ mining: { vardiff: true, sharesPerMinute: 600 } });
    const peer = await bench.join();
    peer.sendOpen({ nominal_hash_rate: 1e12 });
    const { target } = await peer.next(OpenStandardMiningChannelSuccess);
    await peer.job();
    // Of ten shares a second that are due not one comes: that is clear long before ten seconds are over.
    bench.clock.advance(3_000);
    const { maximum_target } = await peer.next(SetTarget);
    expect(targetFromBytes(maximum_target)).toBeGreaterThan(targetFromBytes(target));
  });
});
