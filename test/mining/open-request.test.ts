import { describe, expect, it } from "vitest";
import { targetToBytes } from "../../src/bitcoin/target.ts";
import { checkHashrateAndTarget, checkOpenRequest, type OpenRequest } from "../../src/mining/open-request.ts";

const FREE = { requiresStandardJobs: false };
const good: OpenRequest = {
  kind: "extended",
  requestId: 1,
  userIdentity: "alice",
  nominalHashrate: 1e12,
  maxTarget: new Uint8Array(32).fill(0xff),
  minExtranonceSize: 2,
};

describe("a request to open a channel", () => {
  it.each([0, -0, 1e-45, 1e12, 3.4028234663852886e38])("with a hashrate of %d is right", (nominalHashrate) => {
    expect(checkOpenRequest({ ...good, nominalHashrate }, FREE)).toBeUndefined();
  });

  it.each([-1, -1e-45, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "with a hashrate of %d is refused",
    (nominalHashrate) => {
      expect(checkOpenRequest({ ...good, nominalHashrate }, FREE)).toBe("invalid-nominal-hashrate");
      expect(checkHashrateAndTarget(nominalHashrate, good.maxTarget)).toBe("invalid-nominal-hashrate");
    },
  );

  it("may have any maximum target but zero", () => {
    const zero = new Uint8Array(32);
    expect(checkOpenRequest({ ...good, maxTarget: zero }, FREE)).toBe("max-target-out-of-range");
    expect(checkHashrateAndTarget(0, zero)).toBe("max-target-out-of-range");
    for (const maxTarget of [1n, 1n << 255n, (1n << 64n) - 1n].map(targetToBytes)) {
      expect(checkOpenRequest({ ...good, maxTarget }, FREE)).toBeUndefined();
      expect(checkHashrateAndTarget(0, maxTarget)).toBeUndefined();
    }
  });

  it.each([
    [16, undefined],
    [17, "min-extranonce-size-too-large"],
  ])("for %d bytes of extranonce: %s", (minExtranonceSize, code) => {
    expect(checkOpenRequest({ ...good, minExtranonceSize }, FREE)).toBe(code);
  });

  it("for a standard channel has no extranonce to roll", () => {
    expect(checkOpenRequest({ ...good, kind: "standard", minExtranonceSize: 99 }, FREE)).toBeUndefined();
  });

  it("for an extended channel is refused where standard jobs are required", () => {
    const connection = { requiresStandardJobs: true };
    expect(checkOpenRequest(good, connection)).toBe("extended-channels-not-supported-for-standard-jobs");
    expect(checkOpenRequest({ ...good, kind: "standard" }, connection)).toBeUndefined();
  });
});
