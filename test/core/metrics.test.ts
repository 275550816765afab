import { describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";

const HELP = "For the test.";

describe("metric registry", () => {
  it("counts, and sets and moves a gauge", () => {
    const registry = createMetricRegistry();
    const counter = registry.counter({ name: "shares_total", help: HELP });
    const gauge = registry.gauge({ name: "connections", help: HELP });
    expect(counter.value).toBe(0);
    counter.add(2);
    counter.add(3);
    gauge.set(7);
    gauge.add(-2);
    expect(registry.samples()).toEqual([
      { name: "shares_total", labels: {}, value: 5 },
      { name: "connections", labels: {}, value: 5 },
    ]);
  });

  it("gives the same series for the same name and labels, in whatever order they stand", () => {
    const registry = createMetricRegistry();
    const first = registry.counter({ name: "n_total", help: HELP, labels: { reason: "a", kind: "b" } });
    const again = registry.counter({ name: "n_total", help: HELP, labels: { kind: "b", reason: "a" } });
    first.add(1);
    again.add(1);
    expect(registry.samples()).toEqual([{ name: "n_total", labels: { reason: "a", kind: "b" }, value: 2 }]);
  });

  it.each([
    ["another value", { reason: "b" }],
    ["another label", { cause: "a" }],
    ["one label more", { reason: "a", kind: "" }],
    ["no label", {}],
    ["a value that holds a separator", { reason: 'a","kind","b' }],
  ])("keeps series apart by %s", (_name, labels) => {
    const registry = createMetricRegistry();
    registry.counter({ name: "n_total", help: HELP, labels: { reason: "a" } }).add(1);
    registry.counter({ name: "n_total", help: HELP, labels }).add(10);
    registry.counter({ name: "m_total", help: HELP, labels: { reason: "a" } }).add(100);
    expect(registry.samples().map(({ value }) => value)).toEqual([1, 10, 100]);
  });

  it("lists series in order of registration, with the values of the moment", () => {
    const registry = createMetricRegistry();
    const late = registry.counter({ name: "z_total", help: HELP });
    registry.counter({ name: "a_total", help: HELP });
    const before = registry.samples();
    late.add(1);
    expect(before.map(({ name, value }) => [name, value])).toEqual([
      ["z_total", 0],
      ["a_total", 0],
    ]);
    expect(registry.samples()[0]).toEqual({ name: "z_total", labels: {}, value: 1 });
  });

  it("shares nothing between two registries", () => {
    createMetricRegistry().counter({ name: "n_total", help: HELP }).add(1);
    expect(createMetricRegistry().samples()).toEqual([]);
  });
});
