import { describe, expect, it } from "vitest";
import { AditError, DISCONNECT, IGNORE, SHUTDOWN } from "../../src/core/errors.ts";

class FixtureError extends AditError {
  override readonly name = "FixtureError";
}

describe("AditError", () => {
  it("carries its code, disposition, facts and cause", () => {
    const cause = new Error("below");
    const error = new FixtureError("it failed", {
      code: "it-failed",
      disposition: { kind: "reply", errorCode: "stale-share" },
      details: { height: 1 },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(AditError);
    expect(error).toMatchObject({
      name: "FixtureError",
      message: "it failed",
      code: "it-failed",
      disposition: { kind: "reply", errorCode: "stale-share" },
      details: { height: 1 },
    });
    expect(error.cause).toBe(cause);
    expect(error.stack).toContain("errors.test");
  });

  it("has empty facts and no cause where none are given", () => {
    const error = new AditError("it failed", { code: "it-failed", disposition: IGNORE });
    expect(error.details).toEqual({});
    expect("cause" in error).toBe(false);
    expect(String(error)).toBe("AditError: it failed");
  });

  it("has a disposition of each kind", () => {
    expect([IGNORE.kind, DISCONNECT.kind, SHUTDOWN.kind]).toEqual(["ignore", "disconnect", "shutdown"]);
  });
});
