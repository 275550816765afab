import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import type { ChannelCredit } from "../../src/ledger/ledger.ts";
import { AcknowledgementBook } from "../../src/mining/acknowledgements.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { MAX_WORKERS } from "../../src/mining/channel-earners.ts";
import { workerIdentity } from "../../src/mining/worker-identity.ts";
import { WorkerTable } from "../../src/mining/worker-table.ts";
import { template } from "../session/session-fixture.ts";
import { B, NOW, Rig } from "./channel-rig.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("the identity of a worker", () => {
  it.each([
    ["alice", "rig1", "alice.rig1"],
    ["alice", "alice.rig1", "alice.rig1"],
    ["alice", "alice", "alice"],
    ["alice", "alice.", "alice"],
    ["alice", "rig.01", "alice.rig.01"],
    ["alice.translator-proxy", "rig1", "alice.rig1"],
    ["alice.translator-proxy", "alice.rig1", "alice.rig1"],
    ["alice.translator-proxy", "alice", "alice"],
    ["alice.proxy.2", "rig1", "alice.rig1"],
    ["sri/solo/bc1q/farm", "rig1", "sri/solo/bc1q/farm.rig1"],
    ["alice", "Ωmega", "alice.Ωmega"],
    ["", "rig1", ".rig1"],
    [".proxy", "rig1", ".rig1"],
  ])("on a channel of %j, %j, is %j", (channel, name, identity) => {
    expect(workerIdentity(channel, text(name))).toBe(identity);
  });

  it.each([
    ["alice", "bob", "alice.bob"],
    ["alice", "bob.rig1", "alice.bob.rig1"],
    ["alice.proxy", "alicex.rig1", "alice.alicex.rig1"],
    ["alice", ".bob", "alice..bob"],
    ["", "bob.rig1", ".bob.rig1"],
  ])("on a channel of %j never is another account's: %j", (channel, name, identity) => {
    expect(workerIdentity(channel, text(name))).toBe(identity);
  });

  it("has the account of the channel, whatever the names", () => {
    const account = (identity: string): string => identity.split(".", 1)[0] ?? "";
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 32 }), (channel, name) => {
        expect(account(workerIdentity(channel, name))).toBe(account(channel));
      }),
    );
  });

  it("is written in hexadecimal where it cannot be printed, and shares no text with another", () => {
    expect(workerIdentity("alice", new Uint8Array([0x1b, 0xff]))).toBe("alice.0x1bff");
    expect(workerIdentity("alice", text("0x1bff"))).toBe("alice.0x307831626666");
  });
});

describe("a table of workers", () => {
  it("finds each name that was added, and no other", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 3 }), { selector: String, maxLength: 200 }),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 3 }), { maxLength: 20 }),
        (names, others) => {
          const table = new WorkerTable<string>(names.length);
          for (const name of names) {
            expect(table.find(name)).toBeUndefined();
            table.add(name, String(name));
          }
          expect(table.size).toBe(names.length);
          for (const name of [...names, ...others]) {
            const known = names.some((one) => String(one) === String(name));
            expect(table.find(name)).toBe(known ? String(name) : undefined);
          }
        },
      ),
    );
  });

  it("keeps a copy of a name", () => {
    const table = new WorkerTable<number>(2);
    const name = text("rig1");
    table.add(name, 1);
    name.set(text("rig2"));
    expect(table.find(name)).toBeUndefined();
    expect(table.find(text("rig1"))).toBe(1);
  });

  it("is full at its limit, and not before", () => {
    const table = new WorkerTable<number>(2);
    table.add(text("a"), 1);
    expect(table.full).toBe(false);
    table.add(text("b"), 2);
    expect(table.full).toBe(true);
  });
});

describe("shares that name their worker", () => {
  let rig: Rig;
  let channel: Channel;
  let book: AcknowledgementBook;
  let sequenceNumber: number;

  beforeEach(() => {
    rig = new Rig();
    channel = rig.open({ kind: "extended", userIdentity: "alice.proxy" });
    book = new AcknowledgementBook();
    sequenceNumber = 0;
  });

  function earn(name: string | Uint8Array, difficulty = 1, reached = difficulty): void {
    sequenceNumber += 1;
    const hash = targetToBytes(targetOfDifficulty(reached));
    const worker = typeof name === "string" ? text(name) : name;
    channel.tally.accept({ sequenceNumber, difficulty, hash, worker });
    book.noteAccepted(channel);
  }

  function lose(name: string): void {
    channel.tally.reject("stale-share", text(name));
    book.noteRejected(channel);
  }

  const credits = (): readonly ChannelCredit[] => book.take("batch", 7)?.commit.credits ?? [];

  it("are credited to each worker, and acknowledged in one sum", () => {
    earn("rig1", 2, 90);
    earn("rig2", 3.5);
    earn("", 4);
    earn("rig1", 0.75, 7);
    const flush = book.take("batch", 7);
    expect(flush?.acknowledgements).toEqual([{ channel, lastSequenceNumber: 4, acceptedShares: 4, sharesSum: 10n }]);
    const common = { rejects: {} };
    expect(flush?.commit.credits).toEqual([
      {
        ...common,
        userIdentity: "alice.rig1",
        acceptedShares: 2,
        difficulty: 2.75,
        bestDifficulty: expect.closeTo(90, 6),
      },
      {
        ...common,
        userIdentity: "alice.rig2",
        acceptedShares: 1,
        difficulty: 3.5,
        bestDifficulty: expect.closeTo(3.5, 6),
      },
      {
        ...common,
        userIdentity: "alice.proxy",
        acceptedShares: 1,
        difficulty: 4,
        bestDifficulty: expect.closeTo(4, 6),
      },
    ]);
    expect(book.take("batch", 8)).toBeUndefined();
  });

  it("begin anew with each flush, for those alone who found some", () => {
    earn("rig1");
    earn("rig2");
    credits();
    earn("rig2", 8);
    expect(credits()).toMatchObject([{ userIdentity: "alice.rig2", acceptedShares: 1, difficulty: 8 }]);
    earn("rig1", 0.25);
    expect(book.take("batch", 9)?.acknowledgements, "the fraction is the channel's").toMatchObject([
      { acceptedShares: 1, sharesSum: 0n },
    ]);
  });

  it("are one credit where several names are one identity", () => {
    for (const name of ["rig1", "alice.rig1", "proxy", "alice.proxy", ""]) earn(name);
    expect(credits()).toMatchObject([
      { userIdentity: "alice.rig1", acceptedShares: 2 },
      { userIdentity: "alice.proxy", acceptedShares: 3 },
    ]);
  });

  it("and are rejected count for the worker once it had one accepted, and for the channel before", () => {
    lose("rig1");
    lose("rig2");
    earn("rig1");
    lose("rig1");
    expect(credits()).toMatchObject([
      { userIdentity: "alice.proxy", acceptedShares: 0, rejects: { "stale-share": 2 } },
      { userIdentity: "alice.rig1", acceptedShares: 1, rejects: { "stale-share": 1 } },
    ]);
    lose("rig1");
    const flush = book.take("batch", 8);
    expect(flush?.commit.credits).toMatchObject([{ userIdentity: "alice.rig1", rejects: { "stale-share": 1 } }]);
    expect(flush?.acknowledgements).toEqual([]);
  });

  it("are told apart for 4,096 workers of a channel; those of one more count for the channel", () => {
    const name = (worker: number): Uint8Array => new Uint8Array([1, worker & 0xff, worker >> 8]);
    for (let worker = 0; worker < MAX_WORKERS - 1; worker += 1) earn(name(worker));
    expect(channel.tally.workersFull).toBe(false);
    earn(name(MAX_WORKERS - 1));
    expect(channel.tally.workersFull).toBe(true);
    expect(credits()).toHaveLength(MAX_WORKERS);
    earn(name(MAX_WORKERS), 3);
    earn(name(MAX_WORKERS - 1), 2);
    expect(credits()).toMatchObject([
      { userIdentity: "alice.proxy", difficulty: 3 },
      { userIdentity: workerIdentity("alice", name(MAX_WORKERS - 1)), difficulty: 2 },
    ]);
  });

  describe("through the pool", () => {
    const WORKER = text("rig1");

    it("reach their worker's credit, and no other's", () => {
      for (const [index, worker] of ["rig1", "rig2", "", "rig1"].entries()) {
        const share = rig.view.share(channel.channelId, { extranonce: new Uint8Array(8).fill(index) });
        expect(rig.harness.pool.addShare(channel, { ...share, worker: text(worker) }, NOW)).toBe(true);
      }
      rig.harness.pool.flushShares();
      expect(channel.tally.take().credits).toMatchObject([
        { userIdentity: "alice.rig1", acceptedShares: 2 },
        { userIdentity: "alice.rig2", acceptedShares: 1 },
        { userIdentity: "alice.proxy", acceptedShares: 1 },
      ]);
    });

    it("are rejected for it, whether they were hashed or not", () => {
      const share = rig.view.share(channel.channelId);
      rig.judge(channel, { ...share, worker: WORKER });
      expect(rig.judge(channel, { ...share, worker: WORKER })).toBe("duplicate-share");
      expect(rig.judge(channel, { ...share, worker: WORKER, jobId: 99 })).toBe("invalid-job-id");
      expect(channel.tally.take().credits).toMatchObject([
        { userIdentity: "alice.rig1", rejects: { "duplicate-share": 1, "invalid-job-id": 1 } },
      ]);
    });

    it("with a name of more than 32 bytes are refused before anything else, and count for the channel", () => {
      const share = rig.view.share(channel.channelId);
      const long = new Uint8Array(33).fill(0x61);
      expect(rig.judge(channel, { ...share, worker: long })).toBe("invalid-user-identity");
      expect(rig.judge(channel, { ...share, worker: long, jobId: 99 })).toBe("invalid-user-identity");
      expect(rig.judge(channel, { ...share, worker: long, extranonce: long })).toBe("invalid-user-identity");
      expect(rig.judge(channel, { ...share, worker: long.subarray(1) }), "it was not taken before").toBe("accepted");
      expect(channel.tally.take().credits).toMatchObject([
        { userIdentity: "alice.proxy", acceptedShares: 0, rejects: { "invalid-user-identity": 3 } },
        { userIdentity: `alice.${"a".repeat(32)}`, acceptedShares: 1 },
      ]);
    });

    it("tell who found a block, also where the share itself is refused", () => {
      rig.harness.pool.setTemplate(template({ prevHash: B }));
      const meets = targetOfDifficulty(1e-9);
      const share = (fill: number): ReturnType<Rig["view"]["share"]> =>
        rig.view.share(channel.channelId, { meets, extranonce: new Uint8Array(8).fill(fill) });
      rig.judge(channel, { ...share(1), worker: WORKER });
      rig.judge(channel, share(2));
      rig.judge(channel, { ...share(3), worker: new Uint8Array(33).fill(0x61) });
      expect(rig.harness.blocks.map(({ userIdentity }) => userIdentity)).toEqual([
        "alice.rig1",
        "alice.proxy",
        "alice.proxy",
      ]);
    });

    it("say once in the log that there are as many workers as are told apart", () => {
      for (let worker = 0; worker < MAX_WORKERS - 1; worker += 1) {
        earn(new Uint8Array([1, worker & 0xff, worker >> 8]));
      }
      const warnings = (): number => rig.harness.logger.lines.filter(({ level }) => level === "warn").length;
      for (const [fill, worker, said] of [
        [1, "", 0],
        [2, "one more", 1],
        [3, "another", 1],
      ] as const) {
        const share = rig.view.share(channel.channelId, { extranonce: new Uint8Array(8).fill(fill) });
        expect(rig.judge(channel, { ...share, worker: text(worker) })).toBe("accepted");
        expect(warnings()).toBe(said);
      }
    });
  });
});
