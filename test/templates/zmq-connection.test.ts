import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { lastingPort } from "../support/lasting-port.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { until } from "../support/wait.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

const CONNECTED = "zmq connected";
const NOT_CONNECTED = "zmq is not connected, new tips are found by longpoll and poll";

describe("a ZMQ connection", () => {
  let address: string;
  let logger: RecordingLogger;
  let subscriber: HashblockSubscriber;

  beforeEach(async () => {
    address = `tcp://127.0.0.1:${await lastingPort()}`;
    logger = new RecordingLogger();
    const parts = { logger, metrics: createMetricRegistry(), clock: new ManualClock() };
    subscriber = new HashblockSubscriber({ address, random: () => 0 }, parts);
  });
  afterEach(() => subscriber.stop());

  async function said(message: string, times: number): Promise<void> {
    await until(`it says for the ${times}. time: ${message}`, () => logger.of(message).length >= times);
    expect(logger.of(message)).toHaveLength(times);
  }

  it("that nobody answers is said, once, and so is each change from then on", async () => {
    await subscriber.start(() => undefined);
    await said(NOT_CONNECTED, 1);
    const publisher = await TipPublisher.start(address);
    await publisher.subscribed();
    await said(CONNECTED, 1);
    await publisher.stop();
    await said(NOT_CONNECTED, 2);
    const again = await TipPublisher.start(address);
    await again.subscribed();
    await said(CONNECTED, 2);
    expect(logger.of(NOT_CONNECTED)).toEqual([{ zmqHashblock: address }, { zmqHashblock: address }]);
    await again.stop();
  });

  it("that is stopped says nothing of its end", async () => {
    const publisher = await TipPublisher.start(address);
    await subscriber.start(() => undefined);
    await publisher.subscribed();
    await said(CONNECTED, 1);
    await subscriber.stop();
    await publisher.unsubscribed();
    await publisher.stop();
    expect(logger.lines.map(({ message }) => message)).toEqual([CONNECTED]);
  });
});
