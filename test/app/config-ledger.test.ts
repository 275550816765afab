import { describe, expect, it } from "vitest";
import { type Config, toConfig } from "../../src/app/config.ts";
import { parseConfig } from "../../src/app/config-sources.ts";

function ledgerOf(toml: string): Config["ledger"] {
  return toConfig(parseConfig(`[ledger]\n${toml}`, "c.toml")).ledger;
}

function kept(minutes: number, hours: number, days: number): Config["ledger"]["retention"] {
  return ledgerOf(`keep_minutes_days = ${minutes}\nkeep_hours_days = ${hours}\nkeep_days = ${days}\n`).retention;
}

describe("the ledger", () => {
  it("syncs each commit, and keeps minutes for 3 days, hours for 90 and days for ten years, where nothing is said", () => {
    expect(ledgerOf("")).toEqual({
      durability: "full",
      retention: { minuteDays: 3, hourDays: 90, dayDays: 3_650 },
    });
  });

  it.each(["full", "normal"])("may have %s as its durability", (durability) => {
    expect(ledgerOf(`durability = "${durability}"\n`).durability).toBe(durability);
  });

  it.each(["off", "FULL", ""])("may not have %j as its durability", (durability) => {
    expect(() => ledgerOf(`durability = "${durability}"\n`)).toThrow(
      `ledger.durability is "${durability}", but one of full, normal is needed`,
    );
  });

  it("keeps each kind of sum as long as its own key says, each as long as the next at most", () => {
    expect(kept(1, 2, 3)).toEqual({ minuteDays: 1, hourDays: 2, dayDays: 3 });
    expect(kept(7, 7, 7)).toEqual({ minuteDays: 7, hourDays: 7, dayDays: 7 });
  });

  it.each([
    [8, 7, 9],
    [7, 9, 8],
  ])("does not keep finer sums longer than coarser ones: %i, %i and %i days", (minutes, hours, days) => {
    expect(() => kept(minutes, hours, days)).toThrow(
      `ledger.keep_minutes_days is ${minutes}, keep_hours_days ${hours} and keep_days ${days}: none may be above the next`,
    );
  });

  it("holds a key that is set against the defaults of the others", () => {
    expect(() => ledgerOf("keep_days = 89\n")).toThrow("keep_hours_days 90 and keep_days 89");
    expect(() => ledgerOf("keep_minutes_days = 91\n")).toThrow("keep_minutes_days is 91, keep_hours_days 90");
  });
});
