import { describe, expect, it } from "vitest";
import { dropOldest } from "../../src/core/drop-oldest.ts";

describe("dropOldest", () => {
  it("leaves what came last, as many as the limit is", () => {
    const numbers = new Set([3, 1, 2, 4]);
    dropOldest(numbers, 2);
    expect([...numbers]).toEqual([2, 4]);
  });

  it("leaves all that is at the limit, and nothing at a limit of 0", () => {
    const words = new Map([
      ["b", 1],
      ["a", 2],
    ]);
    dropOldest(words, 2);
    expect([...words.keys()]).toEqual(["b", "a"]);
    dropOldest(words, 0);
    expect(words.size).toBe(0);
  });

  it("takes an entry that was set again where it stood as no younger", () => {
    const words = new Map([
      ["b", 1],
      ["a", 2],
    ]);
    words.set("b", 3);
    dropOldest(words, 1);
    expect([...words.keys()]).toEqual(["a"]);
  });
});
