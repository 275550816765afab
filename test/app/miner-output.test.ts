import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { showAsJson, showAsText } from "../../src/app/miner-output.ts";
import { Output } from "../../src/app/output.ts";
import type { MinerEvent } from "../../src/client/miner-events.ts";

const STATS = {
  accepted: 3,
  rejected: 1,
  rejects: { "stale-share": 1 },
  acknowledgedDifficulty: "5",
  blocks: 0,
  hashrate: 7_000_000,
  difficulty: 2,
};

/** One of each, in an order that happens. */
const EVENTS: readonly MinerEvent[] = [
  {
    event: "opened",
    host: "::1",
    port: 3334,
    channelId: 2,
    channel: "extended",
    difficulty: 2,
    nominalHashrate: 6_500_000,
  },
  { event: "payout", outputs: [{ script: "0014aa", satoshi: "312500000", address: "bc1qx" }] },
  { event: "accepted", shares: 3, accepted: 3 },
  { event: "rejected", sequenceNumber: 4, errorCode: "stale-share" },
  { event: "block", hash: "00".repeat(32), sequenceNumber: 2, jobId: 1 },
  { event: "disconnected", code: "connection-lost", error: "lost the connection", retryMs: 4_000 },
  { event: "reconnect", host: "::2", port: 3335, answer: "unproven" },
  { event: "progress", connected: true, ...STATS },
  { event: "failed", code: "setup-refused", error: "the pool refuses the connection" },
  { event: "finished", exitCode: 1, ...STATS },
];
const PROGRESS = EVENTS[7] as MinerEvent;

function written(options: { isTTY?: boolean } = {}) {
  const chunks: string[] = [];
  const stream = { ...options, columns: 100, write: (text: string) => chunks.push(text), on: () => undefined };
  return { chunks, output: new Output(stream) };
}

const NOON = (): Date => new Date(2026, 0, 1, 12, 0, 7);

describe("The miner's events as JSON", () => {
  it("are one object per line, and progress every ten seconds", () => {
    const { chunks, output } = written();
    const show = showAsJson(output);
    for (const event of EVENTS) if (event !== PROGRESS) show(event);
    expect(chunks.map((line) => JSON.parse(line))).toEqual(EVENTS.filter((event) => event !== PROGRESS));
    expect(chunks.every((line) => /^[^\n]+\n$/.test(line))).toBe(true);
    chunks.length = 0;
    for (let second = 1; second <= 29; second += 1) show(PROGRESS);
    expect(chunks.map((line) => JSON.parse(line))).toEqual([PROGRESS, PROGRESS]);
  });

  it("have no character that could change what is shown, and are the same when they are read", () => {
    const { chunks, output } = written();
    const event = { event: "rejected", sequenceNumber: 4, errorCode: "a\u009b31m\u202eb" } as const;
    showAsJson(output)(event);
    expect(chunks[0]).toBe('{"event":"rejected","sequenceNumber":4,"errorCode":"a\\u009b31m\\u202eb"}\n');
    expect(JSON.parse(chunks[0] ?? "")).toEqual(event);
  });

  it("have the fields that docs/miner.md lists, and no others", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/miner.md"), "utf8");
    const documented = new Map(
      [...page.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = "", fields = ""]) => [
        name,
        [...fields.matchAll(/`(\w+)`/g)].map(([, field = ""]) => field),
      ]),
    );
    expect([...documented.keys()].sort()).toEqual(EVENTS.map(({ event }) => event).sort());
    for (const event of EVENTS) {
      expect(documented.get(event.event)?.sort(), event.event).toEqual(
        Object.keys(event)
          .filter((field) => field !== "event")
          .sort(),
      );
    }
  });
});

describe("The miner's events as text", () => {
  it("are lines with the time, for what a person wants to know", () => {
    const { chunks, output } = written();
    const show = showAsText(output, NOON);
    for (const event of EVENTS) show(event);
    expect(chunks.join("")).toBe(
      [
        "12:00:07 mining on [::1]:3334, extended channel, announced 6.50 MH/s",
        "12:00:07 a block pays 3.12500000 BTC to bc1qx",
        `12:00:07 share 2 solves block ${"00".repeat(32)}`,
        "12:00:07 lost the connection; next attempt in 4 s",
        "12:00:07 the pool sends its miners on to [::2]:3335: not followed, since without encryption it is not proven who " +
          "says so; use the pool's URL with its key, without --plaintext",
        "12:00:07 7.00 MH/s | accepted 3 | rejected 1 (stale-share 1) | difficulty 2",
        "",
      ].join("\n"),
    );
  });

  it("say where the pool sends its miners only where they do not go there: else the next line says it", () => {
    const { chunks, output } = written();
    const show = showAsText(output, NOON);
    show({ event: "reconnect", host: "pool-b.example", port: 3335, answer: "followed" });
    show({ event: "reconnect", host: "pool\u001b[31m b", port: 3335, answer: "invalid" });
    expect(chunks).toEqual([
      "12:00:07 the pool sends its miners on to pool\\u{1b}[31m b:3335: not followed, since there can be no such host\n",
    ]);
  });

  it.each<[number, string]>([
    [0, "nobody"],
    [1, "1.00000000 BTC to script 00"],
    [2, "1.00000000 BTC to script 00, 0.10000000 BTC to script 01"],
    [
      4,
      "1.00000000 BTC to script 00, 0.10000000 BTC to script 01, 0.01000000 BTC to script 02, 0.00100000 BTC to script 03",
    ],
    [
      6,
      "1.00000000 BTC to script 00, 0.10000000 BTC to script 01, 0.01000000 BTC to script 02, 0.00100000 BTC to script 03 and 2 more",
    ],
  ])("say whom a block pays, and of many outputs the first ones: %d", (count, expected) => {
    const { chunks, output } = written();
    const outputs = Array.from({ length: count }, (_, index) => ({
      script: `0${index}`,
      satoshi: String(10 ** (8 - index)),
    }));
    showAsText(output, NOON)({ event: "payout", outputs });
    expect(chunks).toEqual([`12:00:07 a block pays ${expected}\n`]);
  });

  it("say that nobody can tell whom a block pays, where the job cannot be read", () => {
    const { chunks, output } = written();
    showAsText(output, NOON)({ event: "payout", outputs: null });
    expect(chunks.join("")).toContain("whom a block pays is not known");
  });

  it("show progress every ten seconds where it is no terminal", () => {
    const { chunks, output } = written();
    const show = showAsText(output, NOON);
    for (let second = 1; second <= 29; second += 1) show(PROGRESS);
    expect(chunks).toHaveLength(2);
    expect(chunks[0]).toBe("12:00:07 7.00 MH/s | accepted 3 | rejected 1 (stale-share 1) | difficulty 2\n");
  });

  it("show progress each second in one place on a terminal, and the totals in its place in the end", () => {
    const { chunks, output } = written({ isTTY: true });
    const show = showAsText(output, NOON);
    show(EVENTS[0] as MinerEvent);
    for (let second = 1; second <= 3; second += 1) show({ ...PROGRESS, accepted: second } as MinerEvent);
    show({ ...PROGRESS, connected: false } as MinerEvent);
    show({ event: "finished", exitCode: 0, ...STATS });
    const clear = "\r\u001b[K";
    expect(chunks.slice(1)).toEqual([
      `${clear}7.00 MH/s | accepted 1 | rejected 1 (stale-share 1) | difficulty 2`,
      `${clear}7.00 MH/s | accepted 2 | rejected 1 (stale-share 1) | difficulty 2`,
      `${clear}7.00 MH/s | accepted 3 | rejected 1 (stale-share 1) | difficulty 2`,
      `${clear}not connected | accepted 3 | rejected 1 (stale-share 1) | difficulty 2`,
      clear,
      "12:00:07 7.00 MH/s | accepted 3 | rejected 1 (stale-share 1) | difficulty 2\n",
    ]);
  });

  it("have no totals where it never mined: the error alone is said", () => {
    const { chunks, output } = written();
    const show = showAsText(output, NOON);
    show({ event: "failed", code: "connect-failed", error: "cannot connect" });
    show({ event: "finished", exitCode: 1, ...STATS });
    expect(chunks).toEqual([]);
  });
});
