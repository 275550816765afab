import { beforeEach, describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { LedgerError } from "../../src/ledger/errors.ts";
import { LedgerHealth } from "../../src/server/ledger-health.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

class Rig {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics = createMetricRegistry();
  readonly health = new LedgerHealth(this);

  fail(error: unknown): void {
    this.health.begun();
    this.health.failed(error);
  }

  succeed(): void {
    this.health.begun();
    this.health.ended();
  }

  get said(): unknown[] {
    return this.logger.of("shares cannot be stored: their acknowledgements wait");
  }

  get isReady(): number {
    return this.metrics.gauge({ name: "adit_ledger_ready", help: "" }).value;
  }
}

const FULL = new LedgerError("ledger-disk-full", "the ledger x cannot grow");
const LOCKED = new LedgerError("ledger-locked", "the ledger x is locked");

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

describe("the health of a ledger", () => {
  it("is good at the begin, and after commits that ended", () => {
    expect([rig.health.fault, rig.isReady]).toEqual([undefined, 1]);
    rig.succeed();
    rig.clock.advance(3_600_000);
    expect([rig.health.fault, rig.isReady, rig.logger.lines]).toEqual([undefined, 1, []]);
  });

  it("tells why shares cannot be stored, and since when", () => {
    const sinceMs = rig.clock.nowMs();
    rig.fail(FULL);
    rig.clock.advance(1_000);
    rig.fail(LOCKED);
    expect(rig.health.fault).toEqual({ code: "ledger-locked", reason: LOCKED.message, sinceMs });
    expect(rig.isReady).toBe(0);
  });

  it("is said when it changes, and while it lasts every five minutes", () => {
    for (let seconds = 0; seconds <= 300; seconds += 1) {
      rig.fail(FULL);
      if (seconds === 299) expect(rig.said).toEqual([{ code: "ledger-disk-full", reason: FULL.message }]);
      rig.clock.advance(1_000);
    }
    expect(rig.said).toHaveLength(2);
    rig.fail(LOCKED);
    expect(rig.said.slice(2)).toEqual([{ code: "ledger-locked", reason: LOCKED.message }]);
  });

  it("is said when it is good again, once, with how long it was not", () => {
    rig.fail(FULL);
    rig.clock.advance(90_000);
    rig.succeed();
    rig.succeed();
    expect(rig.logger.of("shares are stored and acknowledged again")).toEqual([
      { code: "ledger-disk-full", afterSeconds: 90 },
    ]);
    expect([rig.health.fault, rig.isReady]).toEqual([undefined, 1]);
  });

  it("is bad where a commit takes more than 5 s, until it ends", () => {
    rig.health.begun();
    rig.clock.advance(4_999);
    rig.health.look();
    expect(rig.health.fault).toBeUndefined();
    rig.clock.advance(1);
    rig.health.look();
    expect(rig.health.fault).toMatchObject({ code: "ledger-slow" });
    rig.health.look();
    expect(rig.said).toHaveLength(1);
    rig.health.ended();
    rig.clock.advance(10_000);
    rig.health.look();
    expect(rig.health.fault).toBeUndefined();
  });
});
