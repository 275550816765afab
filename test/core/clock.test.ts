import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/core/clock.ts";

const START_MS = 1_700_000_000_000;

describe("systemClock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START_MS });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("tells the wall clock and a monotonic time that a set clock does not move", () => {
    const monotonicMs = systemClock.monotonicMs();
    vi.advanceTimersByTime(1_500);
    expect(systemClock.nowMs()).toBe(START_MS + 1_500);
    expect(systemClock.monotonicMs() - monotonicMs).toBeCloseTo(1_500, 6);
    vi.setSystemTime(START_MS - 3_600_000);
    const moment = systemClock.now();
    expect(moment.wallMs).toBe(START_MS - 3_600_000);
    expect(moment.monotonicMs - monotonicMs).toBeCloseTo(1_500, 6);
  });

  it("calls once, at its time and not before", () => {
    const callback = vi.fn();
    systemClock.after(100, callback);
    vi.advanceTimersByTime(99);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it("calls each interval until it is cancelled", () => {
    const callback = vi.fn();
    const timer = systemClock.every(100, callback);
    vi.advanceTimersByTime(350);
    expect(callback).toHaveBeenCalledTimes(3);
    timer.cancel();
    vi.advanceTimersByTime(1_000);
    expect(callback).toHaveBeenCalledTimes(3);
  });

  it("never calls what was cancelled in time, and bears a second cancel", () => {
    const callback = vi.fn();
    const timer = systemClock.after(100, callback);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(1_000);
    expect(callback).not.toHaveBeenCalled();
  });
});

describe("systemClock's timers", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("do not keep the process alive", () => {
    const timeout = vi.spyOn(globalThis, "setTimeout");
    const interval = vi.spyOn(globalThis, "setInterval");
    const timers = [systemClock.after(3_600_000, () => {}), systemClock.every(3_600_000, () => {})];
    for (const { mock } of [timeout, interval]) {
      expect(mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
    }
    for (const timer of timers) timer.cancel();
  });
});
