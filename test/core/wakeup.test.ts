import { describe, expect, it } from "vitest";
import { Wakeup } from "../../src/core/wakeup.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { isSettled } from "../support/wait.ts";

describe("a wait that can be cut short", () => {
  it("ends at its time and not before", async () => {
    const clock = new ManualClock();
    const wait = new Wakeup(clock, new AbortController().signal).wait(1_000);
    clock.advance(999);
    expect(await isSettled(wait)).toBe(false);
    clock.advance(1);
    expect(await isSettled(wait)).toBe(true);
  });

  it("ends at a wake, which leaves no timer behind", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock, new AbortController().signal);
    const wait = wakeup.wait(1_000);
    wakeup.wake();
    expect(await isSettled(wait)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("does not begin where a wake came before it, once", async () => {
    const wakeup = new Wakeup(new ManualClock(), new AbortController().signal);
    wakeup.wake();
    wakeup.wake();
    expect(await isSettled(wakeup.wait(1_000))).toBe(true);
    expect(await isSettled(wakeup.wait(1_000))).toBe(false);
  });

  it("ends at an interruption, which leaves no timer behind and the next wait alone", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock, new AbortController().signal);
    const wait = wakeup.wait(1_000);
    wakeup.interrupt();
    expect(await isSettled(wait)).toBe(true);
    expect(clock.pending).toBe(0);
    wakeup.interrupt();
    expect(await isSettled(wakeup.wait(1_000))).toBe(false);
  });

  it("loses no wake that comes right after its time", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock, new AbortController().signal);
    const wait = wakeup.wait(1_000);
    clock.advance(1_000);
    wakeup.wake();
    await wait;
    expect(await isSettled(wakeup.wait(1_000))).toBe(true);
  });

  it("ends at the end of everything, and none begins after it", async () => {
    const end = new AbortController();
    const wakeup = new Wakeup(new ManualClock(), end.signal);
    const wait = wakeup.wait(1_000);
    end.abort();
    expect(await isSettled(wait)).toBe(true);
    expect(await isSettled(wakeup.wait(1_000))).toBe(true);
  });
});
