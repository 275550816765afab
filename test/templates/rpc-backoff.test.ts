import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/templates/rpc-backoff.ts";
import { Wakeup } from "../../src/templates/rpc-wakeup.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("the wait before the next try", () => {
  it("doubles up to its cap", () => {
    const backoff = new Backoff({ baseMs: 250, maxMs: 10_000, random: () => 0 });
    const waits = Array.from({ length: 8 }, () => backoff.nextMs());
    expect(waits).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
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

describe("a wait that can be cut short", () => {
  async function isOver(wait: Promise<void>): Promise<boolean> {
    let over = false;
    void wait.then(() => {
      over = true;
    });
    // All that is due without I/O and timers is done after a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    return over;
  }

  it("ends at its time and not before", async () => {
    const clock = new ManualClock();
    const wait = new Wakeup(clock, new AbortController().signal).wait(1_000);
    clock.advance(999);
    expect(await isOver(wait)).toBe(false);
    clock.advance(1);
    expect(await isOver(wait)).toBe(true);
  });

  it("ends at a wake, which leaves no timer behind", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock, new AbortController().signal);
    const wait = wakeup.wait(1_000);
    wakeup.wake();
    expect(await isOver(wait)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("does not begin where a wake came before it, once", async () => {
    const wakeup = new Wakeup(new ManualClock(), new AbortController().signal);
    wakeup.wake();
    wakeup.wake();
    expect(await isOver(wakeup.wait(1_000))).toBe(true);
    expect(await isOver(wakeup.wait(1_000))).toBe(false);
  });

  it("loses no wake that comes right after its time", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock, new AbortController().signal);
    const wait = wakeup.wait(1_000);
    clock.advance(1_000);
    wakeup.wake();
    await wait;
    expect(await isOver(wakeup.wait(1_000))).toBe(true);
  });

  it("ends at the end of everything, and none begins after it", async () => {
    const end = new AbortController();
    const wakeup = new Wakeup(new ManualClock(), end.signal);
    const wait = wakeup.wait(1_000);
    end.abort();
    expect(await isOver(wait)).toBe(true);
    expect(await isOver(wakeup.wait(1_000))).toBe(true);
  });
});
