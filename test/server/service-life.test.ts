import { afterEach, describe, expect, it } from "vitest";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { nextTurn, until, within } from "../support/wait.ts";
import { EASY_BITS, ServiceBench, solvingNonce } from "./service-bench.ts";
import { isTaken, someTurns } from "./stratum-bench.ts";

let bench: ServiceBench;
afterEach(() => bench.stop());

describe("a pool that starts", () => {
  it("listens once it has work, and not before", async () => {
    bench = new ServiceBench();
    let done = false;
    const started = bench.service.start().then((address) => {
      done = true;
      return address;
    });
    bench.node.say({ kind: "ready" });
    await someTurns();
    expect(done).toBe(false);
    bench.give();
    const address = await within(started, "the start");
    expect(await isTaken(address?.port ?? 0)).toBe(true);
  });

  it("listens nowhere when it is stopped while it waits for work", async () => {
    bench = new ServiceBench();
    const started = bench.service.start();
    await nextTurn();
    const stopped = bench.stopping();
    bench.give();
    expect(await within(started, "the start")).toBeUndefined();
    await within(stopped, "the stop");
    expect(bench.clock.pending).toBe(0);
  });

  it("listens no more when it is stopped while it begins to listen", async () => {
    bench = new ServiceBench();
    const started = bench.service.start();
    bench.give();
    // The template was taken, the port is being opened.
    await Promise.resolve();
    await Promise.resolve();
    await within(bench.stopping(), "the stop");
    const address = await within(started, "the start");
    expect(address === undefined ? false : await isTaken(address.port)).toBe(false);
    expect(bench.clock.pending).toBe(0);
  });

  it("says why where its source can never serve, or the port cannot be had", async () => {
    bench = await ServiceBench.start();
    const second = new ServiceBench({ port: bench.port });
    second.node.start = () => Promise.reject(new Error("the node is of another network"));
    await expect(second.service.start()).rejects.toThrow("another network");
    const third = new ServiceBench({ port: bench.port });
    const started = third.service.start();
    third.give();
    await expect(started).rejects.toMatchObject({ code: "listen-failed" });
    await within(third.service.stop(), "the stop");
  });
});

describe("a pool that stops", () => {
  it("settles the shares under way, stores them, acknowledges them, and closes then", async () => {
    bench = await ServiceBench.start();
    const { peer, id } = await bench.miner();
    bench.validator.holding = true;
    peer.share(id);
    await until("the share is with the validator", () => bench.validator.held === 1);
    let done = false;
    const stopped = bench.stopping().then(() => {
      done = true;
    });
    expect(await isTaken(bench.port)).toBe(false);
    // What comes now comes too late.
    peer.share(id);
    await someTurns();
    expect([bench.validator.held, bench.ledger.commits.length]).toEqual([1, 0]);

    bench.validator.validate();
    await until("it is with the ledger", () => bench.ledger.commits.length === 1);
    await someTurns();
    expect([peer.unread, bench.service.connections]).toEqual([0, 1]);

    bench.ledger.commits[0]?.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
    await within(peer.closed, "the end of the connection");
    expect(bench.logger.of("connection ended")).toMatchObject([{ reason: "shutdown" }]);
    await within(stopped, "the stop");
    expect(done).toBe(true);
    expect([bench.node.stopped, bench.otherNode.stopped, bench.validator.closed, bench.ledger.closed]).toEqual(
      Array(4).fill(true),
    );
    expect(bench.clock.pending).toBe(0);
  });

  it("reads nothing more, not even when the validator has room again", async () => {
    bench = await ServiceBench.start();
    const { peer, id } = await bench.miner();
    bench.validator.full = true;
    peer.share(id);
    await someTurns();
    const stopped = bench.stopping();
    peer.share(id);
    await someTurns();
    bench.validator.holding = true;
    bench.validator.drain();
    await someTurns();
    expect(bench.validator.held).toBe(1);
    bench.validator.validate();
    await until("it is with the ledger", () => bench.ledger.commits.length === 1);
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([{ acceptedShares: 1 }]);
    bench.ledger.commits[0]?.resolve();
    await within(stopped, "the stop");
    expect(bench.ledger.commits).toHaveLength(1);
  });

  it("gives each block a last try before its node is stopped, though the ledger hangs", async () => {
    bench = await ServiceBench.start();
    bench.give({ bits: EASY_BITS });
    const { peer, id } = await bench.miner();
    peer.share(id, { nonce: solvingNonce(peer.newest) });
    await until("the block is submitted", () => bench.otherNode.submissions.length === 1);
    const stoppedBefore: boolean[] = [];
    for (const node of [bench.node, bench.otherNode]) {
      node.answer({ kind: "failed", reason: "the node does not answer" });
      node.onSubmit = () => stoppedBefore.push(node.stopped);
    }
    await nextTurn();
    const stopped = bench.stopping();
    await until("both are tried once more", () =>
      [bench.node, bench.otherNode].every(({ submissions }) => submissions.length === 2),
    );
    expect(stoppedBefore).toEqual([false, false]);
    expect([bench.node.stopped, bench.otherNode.stopped]).toEqual([true, true]);
    // Miners wait for what is not stored yet.
    expect(bench.service.connections).toBe(1);
    for (const node of [bench.node, bench.otherNode]) node.answer({ kind: "accepted" });
    await until("the node's answer is said", () => bench.logger.of("block accepted").length === 2);

    for (const call of bench.ledger.commits) call.resolve();
    expect((await peer.next(SubmitSharesSuccess)).new_submits_accepted_count).toBe(1);
    bench.ledger.records[0]?.resolve();
    await until("the fate is recorded", () => bench.ledger.records.length === 2);
    bench.ledger.records[1]?.resolve();
    await within(stopped, "the stop");
  });

  it("takes no template and no news of its node any more", async () => {
    bench = await ServiceBench.start();
    const { peer, id } = await bench.miner();
    peer.share(id);
    await someTurns();
    bench.node.say({ kind: "unavailable", reason: "the node does not answer" });
    const stopped = bench.stopping();
    bench.logger.lines.length = 0;
    bench.give({ prevHash: new Uint8Array(32).fill(2) });
    bench.node.say({ kind: "unavailable", reason: "it is stopped" });
    bench.clock.advance(10_000);
    await until("the share is with the ledger", () => bench.ledger.commits.length === 1);
    expect(bench.logger.lines).toEqual([]);
    bench.ledger.commits[0]?.resolve();
    await within(stopped, "the stop");
  });
});
