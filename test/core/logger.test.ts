import { expect, it } from "vitest";
import { nullLogger } from "../../src/core/logger.ts";

it("nullLogger takes every call, also through its children", () => {
  const child = nullLogger.child({ part: "test" }).child({});
  for (const level of ["debug", "info", "warn", "error"] as const) expect(child[level]("nothing", {})).toBeUndefined();
});
