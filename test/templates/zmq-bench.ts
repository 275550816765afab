/** A publisher and a subscriber that has reached it, with the tips that it hears. Both end with their test. */

import { onTestFinished } from "vitest";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { HashblockSubscriber } from "../../src/templates/zmq-hashblock.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { EventQueue } from "./rpc-waiting.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

export class ZmqBench {
  readonly subscriber: HashblockSubscriber;
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly heard = new EventQueue<string>();
  readonly metrics: MetricRegistry = createMetricRegistry();
  /** Replaced where a test starts it again. */
  publisher: TipPublisher;

  private constructor(publisher: TipPublisher) {
    this.publisher = publisher;
    const parts = { logger: this.logger, metrics: this.metrics, clock: this.clock };
    this.subscriber = new HashblockSubscriber({ address: publisher.address, random: () => 0 }, parts);
  }

  static async start(): Promise<ZmqBench> {
    const bench = new ZmqBench(await TipPublisher.start());
    onTestFinished(async () => {
      await bench.subscriber.stop();
      await bench.publisher.stop();
    });
    await bench.subscriber.start((tip) => bench.heard.push(tip));
    await bench.publisher.subscribed();
    return bench;
  }

  /** At the same address. */
  async restartPublisher(): Promise<void> {
    const { address } = this.publisher;
    await this.publisher.stop();
    this.publisher = await TipPublisher.start(address);
    await this.publisher.subscribed();
  }
}
