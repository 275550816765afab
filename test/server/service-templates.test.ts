import { beforeEach, describe, expect, it } from "vitest";
import { OpenMiningChannelError } from "../../src/wire/channel-messages.ts";
import { NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { ServiceBench } from "./service-bench.ts";
import { someTurns } from "./stratum-bench.ts";
import { watchWrites } from "./watched-writes.ts";

const OTHER_TIP = new Uint8Array(32).fill(2);
const READY = { kind: "ready" } as const;
const OUTAGE_SAID_AFTER_MS = 2_000;

let bench: ServiceBench;
beforeEach(async () => {
  bench = await ServiceBench.start();
});

const unavailable = (reason = "the node does not answer") => ({ kind: "unavailable", reason }) as const;

describe("a template", () => {
  it("of a new tip is written out to everybody before anything else of the turn", async () => {
    const miners = [await bench.miner(), await bench.miner()];
    bench.logger.lines.length = 0;
    const writes = watchWrites(bench.port);
    bench.give({ prevHash: OTHER_TIP });
    // Promises alone: no socket and no timer had its turn.
    await Promise.resolve();
    expect(writes).toHaveLength(2);
    for (const { peer } of miners) await peer.job();
    expect(bench.logger.lines).toMatchObject([
      { level: "info", message: "new tip", context: { height: 900_001, templateId: 2, transactions: 0, channels: 2 } },
    ]);
  });

  it("of the same tip goes out with what else the turn has", async () => {
    const { peer } = await bench.miner();
    bench.logger.lines.length = 0;
    const writes = watchWrites(bench.port);
    bench.give({}, false);
    await Promise.resolve();
    expect(writes).toHaveLength(0);
    await peer.next(NewMiningJob);
    expect(writes).toHaveLength(1);
    expect(bench.logger.lines).toMatchObject([{ level: "debug", message: "template refreshed" }]);
  });

  it("that its source took back in the same turn is not used", async () => {
    const { peer } = await bench.miner();
    bench.give({ prevHash: OTHER_TIP });
    bench.node.say(unavailable());
    await someTurns();
    expect(bench.logger.of("new tip")).toHaveLength(1);
    bench.give({ prevHash: new Uint8Array(32).fill(3) });
    bench.node.say(READY);
    await peer.job();
    expect(bench.logger.of("new tip")).toMatchObject([{ templateId: 1 }, { templateId: 3 }]);
    expect(peer.unread).toBe(0);
  });

  it("that ends an outage is used, said before the source is ready or after", async () => {
    const { peer } = await bench.miner();
    bench.node.say(unavailable());
    bench.give({ prevHash: OTHER_TIP });
    bench.node.say(READY);
    await peer.job();
    bench.node.say(unavailable());
    bench.node.say(READY);
    bench.give({ prevHash: new Uint8Array(32).fill(3) });
    await peer.job();
  });

  it.each([
    ["no job can be made of", { merklePath: Array.from({ length: 33 }, () => new Uint8Array(32)) }],
    ["no coinbase can be made of", { coinbaseValue: -1n }],
  ])("that %s is said, costs nobody his connection, and the next one works", async (_why, fields) => {
    const { peer } = await bench.miner();
    bench.give({ prevHash: OTHER_TIP, ...fields });
    await someTurns();
    const [line] = bench.logger.of("the node's template cannot be used");
    expect(line).toEqual({ reason: expect.stringMatching(/./), height: 900_001 });
    // No work is given out until then.
    const late = await bench.join();
    late.sendOpen();
    await someTurns();
    expect(late.unread).toBe(0);
    bench.give({ prevHash: OTHER_TIP });
    await peer.job();
    await late.opened();
    expect(bench.service.connections).toBe(2);
  });

  it("given to all is the sign of life of each of several channels", async () => {
    const peer = await bench.join();
    const ids = [await peer.open(), await peer.open()];
    bench.clock.advance(30_000);
    bench.give({}, false);
    for (const _ of ids) await peer.next(NewMiningJob);
    bench.clock.advance(54_000);
    bench.give({}, false);
    for (const _ of ids) await peer.next(NewMiningJob);
    bench.clock.advance(55_000);
    for (const _ of ids) await peer.next(SetTarget);
  });
});

describe("an outage of the node", () => {
  const SAID = "no work to give out";
  const OVER = "work is available again";
  beforeEach(() => {
    bench.logger.lines.length = 0;
  });

  it("as short as between a new tip and its template is nothing to read of", () => {
    for (let outage = 0; outage < 5; outage += 1) {
      bench.node.say(unavailable());
      bench.clock.advance(OUTAGE_SAID_AFTER_MS / 2);
      bench.node.say(unavailable());
      bench.clock.advance(OUTAGE_SAID_AFTER_MS / 2 - 1);
      bench.node.say(READY);
    }
    bench.clock.advance(OUTAGE_SAID_AFTER_MS);
    expect(bench.logger.lines).toEqual([]);
  });

  it("is said once after two seconds, and its end once", () => {
    bench.node.say(unavailable());
    bench.clock.advance(OUTAGE_SAID_AFTER_MS - 1);
    bench.node.say(unavailable());
    expect(bench.logger.lines).toEqual([]);
    bench.clock.advance(1);
    bench.node.say(unavailable());
    bench.clock.advance(600_000);
    bench.node.say(READY);
    bench.node.say(READY);
    expect(bench.logger.lines).toEqual([
      { level: "warn", message: SAID, context: { reason: "the node does not answer", source: "node" } },
      { level: "info", message: OVER, context: { source: "node" } },
    ]);
  });

  it("is said with the code of the fault", () => {
    bench.node.say({ ...unavailable(), code: "rpc-unreachable" });
    bench.clock.advance(OUTAGE_SAID_AFTER_MS);
    expect(bench.logger.of(SAID)).toEqual([
      { code: "rpc-unreachable", reason: "the node does not answer", source: "node" },
    ]);
  });

  it("is said again with each other reason, and with each other outage", () => {
    bench.node.say(unavailable());
    bench.node.say(unavailable("the node is warming up"));
    bench.clock.advance(OUTAGE_SAID_AFTER_MS);
    bench.node.say(unavailable("the node has no peers"));
    bench.node.say(unavailable("the node has no peers"));
    bench.node.say(READY);
    bench.node.say(unavailable("the node has no peers"));
    expect(bench.logger.of(SAID)).toHaveLength(2);
    bench.clock.advance(OUTAGE_SAID_AFTER_MS);
    expect(bench.logger.of(SAID).map(({ reason }) => reason)).toEqual([
      "the node is warming up",
      "the node has no peers",
      "the node has no peers",
    ]);
    expect(bench.logger.of(OVER)).toHaveLength(1);
  });

  it("lets a request for a channel wait: it is answered with the first work, or refused after five seconds", async () => {
    bench.node.say(unavailable());
    const [early, late] = [await bench.join(), await bench.join()];
    early.sendOpen();
    await someTurns();
    bench.clock.advance(4_000);
    late.sendOpen();
    await someTurns();
    bench.clock.advance(1_000);
    expect((await early.next(OpenMiningChannelError)).error_code).toBe("no-template-available");
    bench.give({ prevHash: OTHER_TIP });
    bench.node.say(READY);
    await late.opened();
  });
});
