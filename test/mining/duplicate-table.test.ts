import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { toHex } from "../../src/core/bytes.ts";
import { DuplicateTable } from "../../src/mining/duplicate-table.ts";

function hash(index: number): Uint8Array {
  return sha256d(new Uint8Array(new Uint32Array([index]).buffer));
}

describe("a channel's table of shares", () => {
  it("knows each of thousands of shares again, and takes no new one for known", () => {
    const table = new DuplicateTable();
    for (let index = 0; index < 5_000; index += 1) expect(table.add(hash(index), 1)).toBe("new");
    for (let index = 0; index < 5_000; index += 1) expect(table.add(hash(index), 1)).toBe("duplicate");
  });

  it("answers as a set of prefixes does, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 }), (indexes) => {
        const table = new DuplicateTable();
        const known = new Set<string>();
        for (const index of indexes) {
          const key = toHex(hash(index).subarray(0, 16));
          expect(table.add(hash(index), 7)).toBe(known.has(key) ? "duplicate" : "new");
          known.add(key);
        }
      }),
    );
  });

  it("keeps tips apart, and remembers one over a reorganisation that comes back", () => {
    const table = new DuplicateTable({ maxTips: 2 });
    expect(table.add(hash(1), 1)).toBe("new");
    expect(table.add(hash(1), 2)).toBe("new");
    expect(table.add(hash(1), 1)).toBe("duplicate");
    expect(table.add(hash(1), 3), "the tip used longest ago goes").toBe("new");
    expect(table.add(hash(1), 1)).toBe("duplicate");
    expect(table.add(hash(1), 2)).toBe("new");
  });

  it("is full at its limit, and not one share before", () => {
    const table = new DuplicateTable({ maxEntriesPerTip: 10 });
    for (let index = 0; index < 10; index += 1) expect(table.add(hash(index), 1)).toBe("new");
    expect(table.add(hash(3), 1), "a known share is still known").toBe("duplicate");
    expect(table.add(hash(10), 1)).toBe("full");
    expect(table.add(hash(10), 2), "another tip has its own room").toBe("new");
  });

  it("is asked without noting anything, and without keeping a tip alive", () => {
    const table = new DuplicateTable({ maxTips: 2 });
    expect(table.has(hash(1), 1)).toBe(false);
    expect(table.add(hash(1), 1)).toBe("new");
    expect(table.has(hash(1), 1)).toBe(true);
    expect(table.has(hash(2), 1)).toBe(false);
    expect(table.has(hash(1), 2), "of another tip").toBe(false);
    table.add(hash(1), 2);
    expect(table.has(hash(1), 1)).toBe(true);
    table.add(hash(1), 3);
    expect(table.has(hash(1), 1), "the tip used longest ago went").toBe(false);
  });

  it("tells hashes apart by each of their first 16 bytes", () => {
    const table = new DuplicateTable();
    expect(table.add(new Uint8Array(32), 1)).toBe("new");
    // The lowest bit of the last word marks a place as taken: it tells nothing.
    for (let bit = 0; bit < 128; bit += 1) {
      const other = new Uint8Array(32);
      other[bit >> 3] = 1 << (bit & 7);
      expect(table.add(other, 1), `bit ${bit}`).toBe(bit === 96 ? "duplicate" : "new");
    }
  });

  it("keeps a tip's shares while others of the last three are full", () => {
    const table = new DuplicateTable({ maxEntriesPerTip: 1 });
    for (const tip of [1, 2, 3]) expect(table.add(hash(tip), tip)).toBe("new");
    for (const tip of [1, 2, 3]) expect(table.add(hash(tip), tip)).toBe("duplicate");
    for (const tip of [1, 2, 3]) expect(table.add(hash(9), tip)).toBe("full");
  });
});
