import { describe, expect, it } from "vitest";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { nextTurn, until, within } from "../support/wait.ts";
import { EASY_BITS, ServiceBench, solvingNonce } from "./service-bench.ts";
import { isTaken, someTurns } from "./stratum-bench.ts";

let bench: ServiceBench;

describe("a pool that starts", () => {
  it("listens while its node has no work yet, and gives it to those who wait as soon as it comes", async () => {
    bench = new ServiceBench();
    bench.port = (await within(bench.service.start(), "the start")).port;
    bench.node.say({ kind: "unavailable", reason: "the node is warming up" });
    bench.clock.advance(2_000);
    expect(bench.logger.of("no work to give out")).toMatchObject([{ reason: "the node is warming up" }]);
    const peer = await bench.join();
    peer.sendOpen();
    // One that cannot be used is no work.
    bench.node.say({ kind: "ready" });
    bench.give({ coinbaseValue: -1n });
    await someTurns();
    expect(bench.logger.of("the node's template cannot be used")).toHaveLength(1);
    expect(peer.unread).toBe(0);
    bench.give();
    expect(await peer.opened()).toBeGreaterThan(0);
  });

  it("says that its ledger takes nothing before there is a share, and stops at once all the same", async () => {
    bench = new ServiceBench();
    bench.ledger.holdsProbes = true;
    await within(bench.service.start(), "the start");
    bench.ledger.commits[0]?.reject(new Error("the disk is full"));
    await someTurns();
    expect(bench.service.ledgerFault).toMatchObject({ reason: "the disk is full" });
    await within(bench.service.stop(), "the stop");
    expect(bench.clock.pending).toBe(0);
  });

  it("listens no more when it is stopped while it begins to listen", async () => {
    bench = new ServiceBench();
    const started = bench.service.start();
    await within(bench.stopping(), "the stop");
    const { port } = await within(started, "the start");
    expect(await isTaken(port)).toBe(false);
    expect(bench.clock.pending).toBe(0);
  });

  it("says why where its source can never serve, and listens no more", async () => {
    bench = new ServiceBench();
    bench.node.start = () => Promise.reject(new Error("the node is of another network"));
    await expect(bench.service.start()).rejects.toThrow("another network");
    expect(bench.node.stopped).toBe(true);
    expect(bench.clock.pending).toBe(0);
  });

  it("says why where the port cannot be had, and asks no node then", async () => {
    bench = await ServiceBench.start();
    const second = new ServiceBench({ port: bench.port });
    let asked = false;
    second.node.start = async () => {
      asked = true;
    };
    await expect(second.service.start()).rejects.toMatchObject({ code: "listen-failed" });
    expect(asked).toBe(false);
    await within(second.service.stop(), "the stop");
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

    bench.validator.deliver();
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
    bench.validator.refusing = true;
    peer.share(id);
    await someTurns();
    const stopped = bench.stopping();
    peer.share(id);
    await someTurns();
    bench.validator.holding = true;
    bench.validator.drain();
    await someTurns();
    expect(bench.validator.held).toBe(1);
    bench.validator.deliver();
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
