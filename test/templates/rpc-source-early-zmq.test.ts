import { describe, expect, it } from "vitest";
import { benchWithZmq, full, move, notMade, READY_ON_A, shapeOf } from "./rpc-early-bench.ts";
import { TIP_A, TIP_B, TIP_C } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS } from "./rpc-source-bench.ts";

type ZmqBench = Awaited<ReturnType<typeof benchWithZmq>>;
type Call = Awaited<ReturnType<ZmqBench["bench"]["node"]["next"]>>;

/** The node moves to B and announces it; it is asked where that stands, and for its best block. */
async function announcedB({ bench, publisher }: ZmqBench): Promise<{ readonly header: Call; readonly poll: Call }> {
  const { node } = bench;
  node.standing.delete("getbestblockhash");
  move(bench, TIP_B, 101);
  await publisher.announce(TIP_B);
  return { header: await node.next("getblockheader"), poll: await node.next("getbestblockhash") };
}

describe("a new tip that ZMQ announces", () => {
  it("brings an empty template before the node has said its best block, and is never said to be without work", async () => {
    const zmq = await benchWithZmq();
    const { bench, publisher } = zmq;
    const { node, recorder } = bench;
    const { header, poll } = await announcedB(zmq);
    header.result(bench.place(TIP_B));
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 0, 5_000_000_000n]);
    bench.node.standing.set("getbestblockhash", (call) => call.result(bench.chain.tip));
    poll.result(TIP_B);
    (await node.next("getblocktemplate")).result(full(bench));
    await recorder.template();
    await bench.clock.waiting(POLL_MS);
    expect(recorder.order).toEqual([...READY_ON_A, "template 2 tip", "template 3"]);
    await publisher.stop();
  });

  it("is not taken back by an answer that the node gave before it", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    const poll = await bench.heldPoll();
    await publisher.announce(TIP_B);
    move(bench, TIP_B, 101);
    (await node.next("getblockheader")).result(bench.place(TIP_B));
    await recorder.template();
    poll.result(TIP_A);
    (await node.next("getbestblockhash")).result(TIP_B);
    (await node.next("getblocktemplate")).result(full(bench));
    await recorder.template();
    expect(recorder.order).toEqual([...READY_ON_A, "template 2 tip", "template 3"]);
    await publisher.stop();
  });

  it("is not taken back by a refresh of the old one that was under way", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    await bench.poll(REFRESH_MS);
    const refresh = await node.next("getblocktemplate");
    const ofOldTip = bench.template();
    await publisher.announce(TIP_B);
    move(bench, TIP_B, 101);
    (await node.next("getblockheader")).result(bench.place(TIP_B));
    await recorder.template();
    refresh.result(ofOldTip);
    (await node.next("getblocktemplate")).result(full(bench));
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    expect(recorder.order).toEqual([...READY_ON_A, "template 2 tip", "template 3"]);
    await publisher.stop();
  });

  it("brings its full template by longpoll at once, however short after the empty one", async () => {
    const { bench, longpoll, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    node.standing.delete("getbestblockhash");
    move(bench, TIP_B, 101);
    await publisher.announce(TIP_B);
    (await node.next("getblockheader")).result(bench.place(TIP_B));
    await recorder.template();
    (await node.next("getbestblockhash")).result(TIP_B);
    const fetch = await node.next("getblocktemplate");
    longpoll.result(full(bench));
    await fetch.gone();
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    await publisher.stop();
  });

  it("brings its full template by longpoll though the node has not said its best block yet", async () => {
    const zmq = await benchWithZmq();
    const { bench, longpoll, publisher } = zmq;
    const { recorder } = bench;
    const { header, poll } = await announcedB(zmq);
    header.result(bench.place(TIP_B));
    await recorder.template();
    longpoll.result(full(bench));
    // The wait before the next longpoll: this one has been looked at.
    await bench.clock.waiting(1_000);
    poll.result(TIP_B);
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    await publisher.stop();
  });

  it("has its full template fetched at once though the node named the old one as its best until then", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder, clock } = bench;
    node.standing.delete("getbestblockhash");
    await publisher.announce(TIP_B);
    const [header, poll] = [await node.next("getblockheader"), await node.next("getbestblockhash")];
    poll.result(TIP_A);
    await clock.waiting(POLL_MS);
    bench.answerAll();
    node.standing.delete("getblocktemplate");
    move(bench, TIP_B, 101);
    header.result(bench.place(TIP_B));
    (await node.next("getblocktemplate")).result(full(bench));
    await recorder.template();
    expect(recorder.order).toEqual([...READY_ON_A, "template 2 tip"]);
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    await publisher.stop();
  });

  it("has no empty template where the longpoll has brought the full one, though that is not delivered yet", async () => {
    const zmq = await benchWithZmq();
    const { bench, longpoll, publisher } = zmq;
    const { recorder } = bench;
    const { header, poll } = await announcedB(zmq);
    longpoll.result(full(bench));
    await bench.clock.waiting(1_000);
    header.result(bench.place(TIP_B));
    await notMade(bench, TIP_B);
    expect(recorder.order).toEqual(READY_ON_A);
    poll.result(TIP_B);
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    await publisher.stop();
  });

  it("is asked for no more when the next one is announced", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    node.standing.delete("getbestblockhash");
    await publisher.announce(TIP_B);
    const older = await node.next("getblockheader");
    await publisher.announce(TIP_C);
    await older.gone();
    move(bench, TIP_C, 102);
    (await node.next("getblockheader")).result(bench.place(TIP_C));
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_C, 103, 0, 5_000_000_000n]);
    await publisher.stop();
  });

  it("is asked for no more when the old one is announced again", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    await publisher.announce(TIP_B);
    const header = await node.next("getblockheader");
    await publisher.announce(TIP_A);
    await header.gone();
    await bench.clock.waiting(POLL_MS);
    expect(recorder.order).toEqual(READY_ON_A);
    await publisher.stop();
  });

  it("that the node takes back leaves no work on it", async () => {
    const { bench, publisher } = await benchWithZmq();
    const { node, recorder } = bench;
    node.standing.delete("getbestblockhash");
    node.standing.set("getblockhash", (call) => call.result(TIP_B));
    await publisher.announce(TIP_B);
    (await node.next("getblockheader")).result(bench.place(TIP_B, { height: 101 }));
    await recorder.template();
    // The first answer may be older than the early template.
    for (let answer = 0; answer < 2; answer += 1) (await node.next("getbestblockhash")).result(TIP_A);
    expect(await recorder.unavailable()).toContain(TIP_A);
    (await node.next("getblocktemplate")).result(bench.template());
    expect((await recorder.template()).newTip).toBe(true);
    await recorder.ready();
    await publisher.stop();
  });
});
