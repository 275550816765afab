import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/core/backoff.ts";

describe("the wait before the next try", () => {
  it("doubles up to its cap", () => {
    const backoff = new Backoff({ baseMs: 250, maxMs: 10_000, random: () => 0 });
    const waits = Array.from({ length: 8 }, () => backoff.nextMs());
    expect(waits).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it("is its whole step where nothing spreads it", () => {
    const backoff = new Backoff({ baseMs: 250, maxMs: 1_500 });
    expect(Array.from({ length: 5 }, () => backoff.nextMs())).toEqual([250, 500, 1_000, 1_500, 1_500]);
  });

  it("is spread over half of its step", () => {
    const least = new Backoff({ baseMs: 100, maxMs: 400, random: () => 0 });
    const most = new Backoff({ baseMs: 100, maxMs: 400, random: () => 1 - Number.EPSILON });
    expect([least.nextMs(), Math.round(most.nextMs())]).toEqual([50, 100]);
  });

  it("stays at its cap after a thousand failures", () => {
    const backoff = new Backoff({ baseMs: 250, maxMs: 10_000, random: () => 0.5 });
    for (let failure = 0; failure < 1_000; failure += 1) backoff.nextMs();
    expect(backoff.nextMs()).toBe(7_500);
  });

  it("is short again after a success", () => {
    const backoff = new Backoff({ baseMs: 250, maxMs: 10_000, random: () => 0 });
    backoff.nextMs();
    backoff.nextMs();
    backoff.reset();
    expect(backoff.nextMs()).toBe(125);
  });
});
