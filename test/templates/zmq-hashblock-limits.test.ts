import { describe, expect, it } from "vitest";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { within } from "../support/wait.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { ZmqBench } from "./zmq-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

describe("a message of the publisher's", () => {
  it("of 1,024 bytes is ignored where it is no tip, and the next one is heard", async () => {
    const { publisher, heard } = await ZmqBench.start();
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(1_024)]);
    await publisher.announce(TIP_A);
    expect(await heard.next("the tip")).toBe(TIP_A);
  });

  const OVERSIZED = [Buffer.from("hashblock"), Buffer.alloc(1_025)];

  it("of more than that ends the connection, which is tried again after a wait: its tips are heard then", async () => {
    const { publisher, heard, clock } = await ZmqBench.start();
    await publisher.send(OVERSIZED);
    await publisher.unsubscribed();
    await publisher.announce(TIP_B);
    await clock.waiting(500);
    clock.advance(500);
    await publisher.subscribed();
    await publisher.announce(TIP_A);
    expect(await heard.next("the tip")).toBe(TIP_A);
    expect(heard.left).toEqual([]);
  });

  it("of more than that again and again is waited after for twice as long each time, up to a minute", async () => {
    const { publisher, heard, clock } = await ZmqBench.start();
    // Half of each step, since chance adds nothing here.
    for (const waitMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await publisher.send(OVERSIZED);
      await publisher.unsubscribed();
      await clock.waiting(waitMs);
      expect(clock.pending).toBe(1);
      clock.advance(waitMs);
      await publisher.subscribed();
    }
    // A tip from it, and the next wait is short.
    await publisher.announce(TIP_A);
    await heard.next("the tip");
    await publisher.send(OVERSIZED);
    await clock.waiting(500);
  });

  it("of more than that leaves no wait behind after the stop", async () => {
    const { publisher, subscriber, clock } = await ZmqBench.start();
    await publisher.send(OVERSIZED);
    await clock.waiting(500);
    await within(subscriber.stop(), "the subscriber's end");
    expect(clock.pending).toBe(0);
  });
});

describe("a publisher that goes away", () => {
  it("is looked for by zeromq itself, with no wait from here", async () => {
    const bench = await ZmqBench.start();
    const { address } = bench.publisher;
    await bench.publisher.stop();
    bench.publisher = await TipPublisher.start(address);
    await bench.publisher.subscribed();
    await bench.publisher.announce(TIP_A);
    await bench.heard.next("the tip");
    expect(bench.clock.pending).toBe(0);
  });
});

describe("zmq_hashblock", () => {
  it.each(["tcp://127.0.0.1:1", "tcp://node.example:65535", "tcp://[::1]:28332", "ipc:///run/node.sock"])(
    "may be %s",
    (address) => {
      const parts = { logger: nullLogger, metrics: createMetricRegistry(), clock: new ManualClock() };
      expect(new HashblockSubscriber({ address, random: () => 0 }, parts)).toBeDefined();
    },
  );
});
