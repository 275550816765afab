import { describe, expect, it } from "vitest";
import { IdSequence, MAX_ID } from "../../src/mining/id-sequence.ts";

describe("the ids of a connection", () => {
  it("rise from 1", () => {
    const ids = new IdSequence();
    expect([ids.next(), ids.next(), ids.next()]).toEqual([1, 2, 3]);
  });

  it("end before 0xFFFFFFFF, and none comes again", () => {
    expect(MAX_ID).toBe(0xfffffffe);
    const ids = new IdSequence(MAX_ID - 2);
    expect(ids.left).toBe(2);
    expect([ids.next(), ids.next()]).toEqual([0xfffffffd, 0xfffffffe]);
    expect(ids.left).toBe(0);
    for (let time = 0; time < 2; time += 1) expect(() => ids.next()).toThrow(RangeError);
  });
});
