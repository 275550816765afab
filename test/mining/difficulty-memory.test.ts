import { describe, expect, it } from "vitest";
import { DifficultyMemory, MAX_REMEMBERED, REMEMBERED_FOR_MS } from "../../src/mining/difficulty-memory.ts";

const ALICE = { userIdentity: "alice", kind: "standard" } as const;
const NOTED = { ...ALICE, difficultyPerMinute: 1_000, nominalHashrate: 1e12, atMs: 1_700_000_000_000 };

function remembering(...entries: (typeof NOTED)[]): DifficultyMemory {
  const memory = new DifficultyMemory();
  for (const entry of entries) memory.note(entry);
  return memory;
}

describe("a worker's difficulty", () => {
  it("is remembered for a day, and no longer", () => {
    const memory = remembering(NOTED);
    const latest = { ...NOTED, atMs: NOTED.atMs + REMEMBERED_FOR_MS };
    expect(REMEMBERED_FOR_MS).toBe(24 * 60 * 60 * 1_000);
    expect(memory.recall(ALICE, latest)).toBe(1_000);
    expect(memory.recall(ALICE, { ...latest, atMs: latest.atMs + 1 })).toBeUndefined();
    expect(memory.recall(ALICE, { ...NOTED, atMs: NOTED.atMs - 5_000 }), "a clock that was set back").toBe(1_000);
  });

  it("is that of its identity and kind alone", () => {
    const memory = remembering(NOTED);
    expect(memory.recall({ ...ALICE, userIdentity: "bob" }, NOTED)).toBeUndefined();
    expect(memory.recall({ ...ALICE, kind: "extended" }, NOTED)).toBeUndefined();
  });

  it.each([
    [1e12, 1_000],
    [2e12, 2_000],
    [5e11, 500],
    [2.01e12, undefined],
    [4.9e11, undefined],
    [0, 1_000],
  ])("holds in proportion for who announces about the same as then: %d", (nominalHashrate, difficulty) => {
    expect(remembering(NOTED).recall(ALICE, { ...NOTED, nominalHashrate })).toBe(difficulty);
  });

  it("of who announced nothing then holds for who announces nothing now", () => {
    const memory = remembering({ ...NOTED, nominalHashrate: 0 });
    expect(memory.recall(ALICE, { ...NOTED, nominalHashrate: 0 })).toBe(1_000);
    expect(memory.recall(ALICE, NOTED)).toBeUndefined();
  });

  it("is the mean of what several of its like settled at, and soon follows one that changes", () => {
    const memory = remembering(NOTED, { ...NOTED, difficultyPerMinute: 4_000 });
    expect(memory.recall(ALICE, NOTED)).toBeCloseTo(2_000, 6);
    for (let times = 0; times < 6; times += 1) memory.note({ ...NOTED, difficultyPerMinute: 9_000 });
    expect(memory.recall(ALICE, NOTED) ?? 0).toBeGreaterThan(8_500);
  });

  it("of one device says nothing of another under the same name, and the last one's is kept", () => {
    const memory = remembering(NOTED, { ...NOTED, nominalHashrate: 1e14, difficultyPerMinute: 90_000 });
    expect(memory.recall(ALICE, NOTED)).toBeUndefined();
    expect(memory.recall(ALICE, { ...NOTED, nominalHashrate: 1e14 })).toBe(90_000);
  });

  it("is given out as plain values and taken back after a restart", () => {
    const stored = JSON.parse(JSON.stringify([...remembering(NOTED).entries()]));
    expect(stored).toEqual([NOTED]);
    const memory = new DifficultyMemory();
    memory.load(stored);
    memory.load(stored);
    expect([...memory.entries()]).toEqual([NOTED]);
  });

  it("is forgotten for others once there are too many, the one noted longest ago first", () => {
    const memory = new DifficultyMemory(2);
    const note = (userIdentity: string): void => memory.note({ ...NOTED, userIdentity });
    for (const name of ["a", "b", "a"]) note(name);
    expect([...memory.entries()]).toHaveLength(2);
    note("c");
    expect([...memory.entries()].map(({ userIdentity }) => userIdentity)).toEqual(["a", "c"]);
    expect(MAX_REMEMBERED).toBe(100_000);
  });
});
