import { describe, expect, it } from "vitest";
import type { ChainView } from "../../src/templates/node-view.ts";
import { MAX_REMEMBERED, REMEMBERED_MS, ShownWork } from "../../src/templates/shown-work.ts";

const A = 0;
const B = 1;
const C = 2;

function chain(height: number, work: bigint | undefined = BigInt(2 * height)): ChainView {
  return { kind: "chain", height, tip: `x${height}`, work };
}

/** Of a node that does not say its work. */
function unweighed(height: number): ChainView {
  return { kind: "chain", height, tip: `x${height}` };
}

/** Node, height and whether a node shows it now. */
function most(work: ShownWork): [number, number, boolean] | undefined {
  const { most: shown } = work;
  return shown === undefined ? undefined : [shown.node, shown.chain.height, shown.isShownNow];
}

describe("the work that nodes have shown", () => {
  it("is none before any has", () => {
    const work = new ShownWork();
    work.saw(A, undefined, 0);
    expect([work.most, work.isLess(chain(1)), work.forget(0)]).toEqual([undefined, false, undefined]);
  });

  it("counts for an hour after the last node showed it, which is not the first time", () => {
    const work = new ShownWork();
    work.saw(A, chain(100), 0);
    work.saw(A, chain(100), 5_000);
    work.saw(A, undefined, 6_000);
    work.saw(B, chain(90), 7_000);
    expect(most(work)).toEqual([A, 100, false]);
    expect(work.forget(REMEMBERED_MS + 4_999)).toBeUndefined();
    expect([work.isLess(chain(99)), work.isLess(chain(100))]).toEqual([true, false]);
    expect(work.forget(REMEMBERED_MS + 5_000)).toEqual({ node: A, chain: chain(100) });
    expect(most(work)).toEqual([B, 90, true]);
    expect([work.isLess(chain(90)), work.isLess(chain(89))]).toEqual([false, true]);
  });

  it("is that of a node that shows it now, where one does, and that is not forgotten", () => {
    const work = new ShownWork();
    work.saw(A, chain(100), 0);
    work.saw(B, chain(100), 0);
    work.saw(B, undefined, 1_000);
    expect(most(work)).toEqual([A, 100, true]);
    expect(work.forget(2 * REMEMBERED_MS)).toBeUndefined();
    expect(most(work)).toEqual([A, 100, true]);
  });

  it("counts though the node that showed it has less by now, and then what it showed after that", () => {
    const work = new ShownWork();
    work.saw(A, chain(100), 0);
    work.saw(A, chain(95), 1_000);
    work.saw(A, chain(97), 2_000);
    work.saw(A, chain(96), 3_000);
    work.saw(A, undefined, 4_000);
    const falls = [0, 1_000, 2_000, 3_000].map((atMs) => {
      work.forget(REMEMBERED_MS + atMs);
      return most(work)?.[1];
    });
    expect(falls).toEqual([97, 97, 96, undefined]);
  });

  it("is measured in heights as long as a chain counts whose work nobody said", () => {
    const work = new ShownWork();
    work.saw(A, unweighed(100), 0);
    work.saw(A, undefined, 1_000);
    work.saw(B, chain(90, 1_000n), 1_000);
    expect(work.isLess(chain(99, 2_000n))).toBe(true);
    work.forget(REMEMBERED_MS);
    expect([work.isLess(chain(89, 2_000n)), work.isLess(chain(91, 999n))]).toEqual([false, true]);
  });

  it("is not said to be forgotten where only its measure changes", () => {
    const work = new ShownWork();
    work.saw(B, chain(100, 10n), 0);
    work.saw(C, chain(95, 1_000n), 0);
    work.saw(A, unweighed(90), 0);
    work.saw(A, undefined, 0);
    expect(most(work)).toEqual([B, 100, true]);
    expect(work.forget(REMEMBERED_MS)).toBeUndefined();
    expect(most(work)).toEqual([C, 95, true]);
  });

  it("is remembered of 64 chains, each with less than the one before, and of no further one", () => {
    const fall = (count: number): ShownWork => {
      const work = new ShownWork();
      for (let index = 0; index < count; index += 1) work.saw(A, chain(1_000 - index), index);
      work.saw(A, undefined, count);
      work.forget(REMEMBERED_MS + count - 2);
      return work;
    };
    expect(MAX_REMEMBERED).toBe(64);
    expect(most(fall(64))).toEqual([A, 937, false]);
    expect(most(fall(65))).toBeUndefined();
    const full = fall(64);
    full.saw(B, chain(938), 0);
    expect(most(full)).toEqual([B, 938, true]);
  });
});
