import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { handleSignals, hangupDetector, type SignalHandling } from "../../src/app/signals.ts";
import { ManualClock } from "../support/manual-clock.ts";

class FakeProcess extends EventEmitter {
  readonly pid = 4711;
  readonly exits: number[] = [];
  /** Signals that it sent, each with how many listeners there were then. */
  readonly kills: unknown[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
  kill(pid: number, signal: NodeJS.Signals): void {
    this.kills.push([pid, signal, this.eventNames().length]);
  }
}

let clock: ManualClock;
let program: FakeProcess;
let lateCalls: number;
/** Whether the terminal is gone. */
let isHangup: boolean;
let signals: SignalHandling;

beforeEach(() => {
  clock = new ManualClock();
  program = new FakeProcess();
  lateCalls = 0;
  isHangup = false;
  signals = handleSignals({ clock, process: program, isHangup: () => isHangup });
  signals.onLate(() => {
    lateCalls += 1;
  });
});

describe("SIGHUP", () => {
  it("asks for a reload each time, and ends nothing", () => {
    let reloads = 0;
    signals.onReload(() => {
      reloads += 1;
    });
    program.emit("SIGHUP", "SIGHUP");
    program.emit("SIGHUP", "SIGHUP");
    clock.advance(10_000);
    expect([reloads, program.exits, clock.pending]).toEqual([2, [], 0]);
  });

  it("that comes before anybody listens asks for one reload, once somebody does", () => {
    program.emit("SIGHUP", "SIGHUP");
    program.emit("SIGHUP", "SIGHUP");
    let reloads = 0;
    const count = (): void => {
      reloads += 1;
    };
    signals.onReload(count);
    signals.onReload(count);
    expect(reloads).toBe(1);
  });

  it("while it stops is handed on, and does not cut the stop short", () => {
    let reloads = 0;
    signals.onReload(() => {
      reloads += 1;
    });
    program.emit("SIGTERM", "SIGTERM");
    clock.advance(1_000);
    program.emit("SIGHUP", "SIGHUP");
    expect([reloads, program.exits]).toEqual([1, []]);
  });

  it("that says that the terminal is gone asks for an orderly stop, as often as it comes", async () => {
    isHangup = true;
    program.emit("SIGHUP", "SIGHUP");
    clock.advance(1_000);
    program.emit("SIGHUP", "SIGHUP");
    expect(await signals.stopSignal).toBe("SIGHUP");
    expect(program.exits).toEqual([]);
    program.emit("SIGTERM", "SIGTERM");
    expect(program.exits).toEqual([143]);
  });

  it("is an orderly stop where nothing can be reloaded, also one that came before that was known", async () => {
    program.emit("SIGHUP", "SIGHUP");
    expect(clock.pending).toBe(0);
    signals.stopOnHangup();
    expect(await signals.stopSignal).toBe("SIGHUP");
    const later = handleSignals({ clock, process: program, isHangup: () => false });
    later.stopOnHangup();
    program.emit("SIGHUP", "SIGHUP");
    expect(await later.stopSignal).toBe("SIGHUP");
    expect(program.exits).toEqual([]);
  });

  it("always means the end of the console on Windows, and none here where no terminal is gone", () => {
    expect(hangupDetector("win32")()).toBe(true);
    expect(hangupDetector("linux")()).toBe(false);
  });
});

describe("Signals", () => {
  it.each(["SIGINT", "SIGTERM"])("ask for an orderly stop at first: %s", async (signal) => {
    program.emit(signal, signal);
    expect(await signals.stopSignal).toBe(signal);
    expect(program.exits).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("end the process at once the second time: %s with code %d", (signal, code) => {
    program.emit(signal, signal);
    clock.advance(150);
    program.emit(signal, signal);
    expect(program.exits).toEqual([code]);
  });

  it("that come twice at once, as npm hands them on, count once", () => {
    program.emit("SIGINT", "SIGINT");
    clock.advance(149);
    program.emit("SIGINT", "SIGINT");
    expect(program.exits).toEqual([]);
    clock.advance(1);
    program.emit("SIGINT", "SIGINT");
    expect(program.exits).toEqual([130]);
  });

  it("of another kind count at once", () => {
    program.emit("SIGINT", "SIGINT");
    program.emit("SIGTERM", "SIGTERM");
    expect(program.exits).toEqual([143]);
  });

  it("cut off a stop that takes longer than five seconds, with code 1", () => {
    program.emit("SIGTERM", "SIGTERM");
    clock.advance(4_999);
    expect([lateCalls, program.exits]).toEqual([0, []]);
    clock.advance(1);
    expect([lateCalls, program.exits]).toEqual([1, [1]]);
  });

  it("are nobody's any more after the release, and the stop is not cut off", () => {
    program.emit("SIGTERM", "SIGTERM");
    signals.release();
    clock.advance(5_000);
    expect(program.eventNames()).toEqual([]);
    expect([lateCalls, program.exits]).toEqual([0, []]);
  });

  it("are given back to the system by a command that does not stop in order", () => {
    signals.decline();
    expect([program.eventNames(), program.kills]).toEqual([[], []]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("have their own effect then, if one came before: %s", (signal) => {
    program.emit(signal, signal);
    signals.decline();
    expect([program.kills, program.exits, clock.pending]).toEqual([[[4711, signal, 0]], [], 0]);
  });
});

describe("work that holds up the signals", () => {
  it("is done while the system has them, and they are heard again afterwards", async () => {
    const done = await signals.unhandled(() => program.eventNames());
    expect(done).toEqual([]);
    expect(program.kills).toEqual([]);
    program.emit("SIGINT", "SIGINT");
    expect(await signals.stopSignal).toBe("SIGINT");
  });

  it("has them heard again where it fails", async () => {
    const failed = signals.unhandled(() => {
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(program.eventNames().sort()).toEqual(["SIGHUP", "SIGINT", "SIGTERM"]);
  });

  it("is not begun where one came before, also one that was not heard yet: the system has that", async () => {
    setImmediate(() => program.emit("SIGTERM", "SIGTERM"));
    await signals.unhandled(() => expect(program.kills).toEqual([[4711, "SIGTERM", 0]]));
    expect(program.exits).toEqual([]);
  });
});
