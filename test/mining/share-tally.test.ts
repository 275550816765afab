import { describe, expect, it } from "vitest";
import { ShareTally, sumOfTotals } from "../../src/mining/share-tally.ts";

const HASH = new Uint8Array(32).fill(1);

function totalsOf({ acceptedTotal, rejectedTotal }: ShareTally): readonly [number, number] {
  return [acceptedTotal, rejectedTotal];
}

describe("a channel's shares", () => {
  it("are counted over all acknowledgements, those that are not acknowledged yet too", () => {
    const tally = new ShareTally("alice");
    expect(totalsOf(tally)).toEqual([0, 0]);
    for (const sequenceNumber of [1, 2, 3]) tally.accept({ sequenceNumber, difficulty: 5, hash: HASH });
    tally.reject("stale-share");
    tally.reject("stale-share");
    expect(totalsOf(tally)).toEqual([3, 2]);
    tally.take();
    expect(totalsOf(tally)).toEqual([3, 2]);
    tally.accept({ sequenceNumber: 4, difficulty: 5, hash: HASH });
    tally.reject("duplicate-share");
    expect(totalsOf(tally)).toEqual([4, 3]);
    tally.take();
    tally.take();
    expect(totalsOf(tally)).toEqual([4, 3]);
  });

  it("are summed over channels", () => {
    const [first, second] = [new ShareTally("alice"), new ShareTally("alice")];
    first.accept({ sequenceNumber: 1, difficulty: 5, hash: HASH });
    second.accept({ sequenceNumber: 1, difficulty: 5, hash: HASH });
    second.reject("stale-share");
    expect(sumOfTotals([first, second])).toEqual({ acceptedTotal: 2, rejectedTotal: 1 });
    expect(sumOfTotals([])).toEqual({ acceptedTotal: 0, rejectedTotal: 0 });
  });
});
