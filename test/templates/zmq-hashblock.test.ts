import { describe, expect, it } from "vitest";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { within } from "../support/wait.ts";
import { ZmqBench } from "./zmq-bench.ts";

const TIP_A = "00000000000000000001b2c3".padEnd(64, "d");
const TIP_B = "00000000000000000002b2c3".padEnd(64, "e");

describe("zmq hashblock", () => {
  it("brings each new tip as the RPC prints it, and counts it", async () => {
    const { publisher, heard, metrics } = await ZmqBench.start();
    const counter = metrics.counter({ name: "adit_zmq_hashblocks_total", help: "" });
    const before = counter.value;
    await publisher.announce(TIP_A);
    await publisher.announce(TIP_B);
    expect([await heard.next("tip A"), await heard.next("tip B")]).toEqual([TIP_A, TIP_B]);
    expect(counter.value).toBe(before + 2);
  });

  it("passes over other topics, wrong lengths and single frames", async () => {
    const { publisher, heard } = await ZmqBench.start();
    await publisher.send([Buffer.from("hashblock2"), Buffer.alloc(32), Buffer.alloc(4)]);
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(31), Buffer.alloc(4)]);
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(33), Buffer.alloc(4)]);
    await publisher.send([Buffer.from("hashblock")]);
    await publisher.announce(TIP_B);
    expect(await heard.next("tip B")).toBe(TIP_B);
    expect(heard.left).toEqual([]);
  });

  it("comes again after the node was restarted", async () => {
    const bench = await ZmqBench.start();
    await bench.restartPublisher();
    await bench.publisher.announce(TIP_A);
    expect(await bench.heard.next("tip A")).toBe(TIP_A);
  });

  it("is silent after its stop, which leaves the publisher without a subscriber", async () => {
    const { publisher, subscriber, heard } = await ZmqBench.start();
    await within(subscriber.stop(), "the subscriber's end");
    await publisher.unsubscribed();
    await publisher.announce(TIP_A);
    expect(heard.left).toEqual([]);
  });
});

describe("zmq_hashblock", () => {
  const parts = { logger: nullLogger, metrics: createMetricRegistry(), clock: new ManualClock() };
  const random = (): number => 0;

  it.each([
    "127.0.0.1:28332",
    "http://127.0.0.1:28332",
    "tcp://127.0.0.1",
    "tcp://",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:65536",
    "ipc://",
  ])("%j is refused with what would be right", (address) => {
    expect(() => new HashblockSubscriber({ address, random }, parts)).toThrow(
      `zmq_hashblock "${address}" is not an address: right would be tcp://127.0.0.1:28332`,
    );
  });

  it("that zeromq cannot use is logged, and the start goes on", async () => {
    // Longer than a path of a socket can be.
    const address = `ipc://${"x".repeat(200)}`;
    const warnings: unknown[] = [];
    const logger = {
      ...nullLogger,
      warn: (message: string, context: unknown) => void warnings.push([message, context]),
    };
    const subscriber = new HashblockSubscriber({ address, random }, { ...parts, logger });
    await subscriber.start(() => undefined);
    expect(warnings).toEqual([
      [
        "zmq cannot be used, new tips are found by longpoll and poll",
        { zmqHashblock: address, reason: "Error: File name too long" },
      ],
    ]);
    await subscriber.stop();
  });
});
