import { describe, expect, it } from "vitest";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { within } from "../support/wait.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { ZmqBench } from "./zmq-bench.ts";

describe("a message of the publisher's", () => {
  it("of 1,024 bytes is ignored where it is no tip, and the next one is heard", async () => {
    const { publisher, heard } = await ZmqBench.start();
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(1_024)]);
    await publisher.announce(TIP_A);
    expect(await heard.next("the tip")).toBe(TIP_A);
  });

  it("of more than that ends the connection: that publisher is no node", async () => {
    const { publisher, subscriber, heard } = await ZmqBench.start();
    await publisher.send([Buffer.from("hashblock"), Buffer.alloc(1_025)]);
    await publisher.unsubscribed();
    await publisher.announce(TIP_B);
    expect(heard.left).toEqual([]);
    await within(subscriber.stop(), "the subscriber's end");
  });
});

describe("zmq_hashblock", () => {
  it.each(["tcp://127.0.0.1:1", "tcp://node.example:65535", "tcp://[::1]:28332", "ipc:///run/node.sock"])(
    "may be %s",
    (address) => {
      const parts = { logger: nullLogger, metrics: createMetricRegistry() };
      expect(new HashblockSubscriber({ address }, parts)).toBeDefined();
    },
  );
});
