import { describe, expect, it, onTestFinished } from "vitest";
import { curveKeyPair, XPublisher } from "zeromq";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { lastingPort } from "../support/lasting-port.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { until, within } from "../support/wait.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { EventQueue } from "./rpc-waiting.ts";
import { ZmqBench } from "./zmq-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

const OVERSIZED = [Buffer.from("hashblock"), Buffer.alloc(1_025)];
const CONNECTED = "zmq connected";
const NOT_CONNECTED = "zmq is not connected, new tips are found by longpoll and poll";

describe("a message of the publisher's", () => {
  it("of 1,024 bytes is ignored where it is no tip, and the next one is heard", async () => {
    const { publisher, heard } = await ZmqBench.start();
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(1_024)]);
    await publisher.announce(TIP_A);
    expect(await heard.next("the tip")).toBe(TIP_A);
  });

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

describe("a publisher that breaks the rules again and again", () => {
  async function breakAndReopen({ publisher, clock }: ZmqBench, waitMs: number): Promise<void> {
    await publisher.send(OVERSIZED);
    await publisher.unsubscribed();
    await clock.waiting(waitMs);
    clock.advance(waitMs);
    await publisher.subscribed();
  }

  it("is said to be gone once, and to be back with the first tip that it announces", async () => {
    const bench = await ZmqBench.start();
    const said = (): string[] => bench.logger.lines.map(({ message }) => message);
    const before = [CONNECTED, NOT_CONNECTED];
    for (const waitMs of [500, 1_000, 2_000]) await breakAndReopen(bench, waitMs);
    expect(said()).toEqual(before);
    await bench.publisher.announce(TIP_A);
    await bench.heard.next("the tip");
    expect(said()).toEqual([...before, CONNECTED]);
  });

  it("is another one once its address was free: the first wait is short again, and it is said at once", async () => {
    const bench = await ZmqBench.start();
    for (const waitMs of [500, 1_000]) await breakAndReopen(bench, waitMs);
    await bench.restartPublisher();
    await until("it is said", () => bench.logger.of(CONNECTED).length === 2);
    await breakAndReopen(bench, 500);
  });
});

describe("a publisher of another kind", () => {
  it("that wants encryption is tried again after a wait, and heard once it wants none", async () => {
    const publisher = new XPublisher({ linger: 0, curveServer: true, curveSecretKey: curveKeyPair().secretKey });
    const address = `tcp://127.0.0.1:${await lastingPort()}`;
    await publisher.bind(address);
    const clock = new ManualClock();
    const heard = new EventQueue<string>();
    const parts = { logger: nullLogger, metrics: createMetricRegistry(), clock };
    const subscriber = new HashblockSubscriber({ address, random: () => 0 }, parts);
    onTestFinished(() => subscriber.stop());
    await subscriber.start((tip) => heard.push(tip));
    await clock.waiting(500);
    await publisher.unbind(address);
    publisher.close();
    const plain = await TipPublisher.start(address);
    onTestFinished(() => plain.stop());
    clock.advance(500);
    await plain.subscribed();
    await plain.announce(TIP_A);
    expect(await heard.next("the tip")).toBe(TIP_A);
  });
});

describe("a subscriber", () => {
  it("that is stopped while it starts connects to nobody", async () => {
    const { publisher, logger } = await ZmqBench.start();
    const lines = new RecordingLogger();
    const parts = { logger: lines, metrics: createMetricRegistry(), clock: new ManualClock() };
    const stopped = new HashblockSubscriber({ address: publisher.address, random: () => 0 }, parts);
    const starting = stopped.start(() => undefined);
    await stopped.stop();
    await starting;
    // One that starts later has reached the publisher, on the same thread of zeromq's.
    const later = new HashblockSubscriber({ address: publisher.address, random: () => 0 }, { ...parts, logger });
    await later.start(() => undefined);
    await until("the later one is connected", () => logger.of(CONNECTED).length === 2);
    await later.stop();
    expect(lines.lines).toEqual([]);
  });
});

describe("a publisher that goes away", () => {
  it("is looked for by zeromq itself, with no wait from here", async () => {
    const bench = await ZmqBench.start();
    await bench.restartPublisher();
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
