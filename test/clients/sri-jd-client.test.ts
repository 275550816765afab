import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import { PoolScene } from "./pool-scene.ts";

const WORK_SELECTION = 0b010;
const VERSION_ROLLING = 0b100;

describe("the SRI job declarator client", () => {
  it("is refused with exactly the bit that is not supported, and the connection is closed behind that answer", async () => {
    const scene = await PoolScene.start();
    const link = await NoiseLink.open(scene.link({ maxPayloadBytes: 0xffffff }));
    link.send(sv2.setupConnection({ flags: WORK_SELECTION | VERSION_ROLLING, host: "0.0.0.0", port: 50 }));
    // protocol 0, versions 2 to 2, flags 1 and 2, "0.0.0.0", port 50, four empty strings
    expect(link.sent.map(toHex)).toEqual(["00000017000000020002000600000007302e302e302e30320000000000"]);
    const { extensionType, msgType, payload } = await link.next("SetupConnection.Error");
    expect({ extensionType, msgType }).toEqual({ extensionType: 0, msgType: sv2.SETUP_ERROR });
    expect(sv2.readSetupError(payload)).toEqual({ flags: WORK_SELECTION, code: "unsupported-feature-flags" });
    await link.ended;
    // No job and no prevhash came along.
    expect(link.unread).toBe(0);
    await scene.bench.left(0);
    expect(scene.bench.logger.of("setup refused")).toMatchObject([{ errorCode: "unsupported-feature-flags" }]);
  });
});
