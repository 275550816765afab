import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { BitaxeDevice } from "./bitaxe-device.ts";
import { connectedDevice, hearsEachMinute, isToldThatNobodyIsPaid, mines, minesThroughTips } from "./bitaxe-script.ts";
import { PoolScene } from "./pool-scene.ts";

function connected(scene: PoolScene): Promise<BitaxeDevice> {
  return connectedDevice(scene, { kind: "standard" });
}

describe("a Bitaxe with a standard channel", () => {
  it("sends a setup with the flag for standard jobs", async () => {
    const scene = await PoolScene.start();
    const device = new BitaxeDevice(scene, { kind: "standard" });
    const port = toHex(Uint8Array.of(scene.bench.port & 0xff, scene.bench.port >> 8));
    expect(toHex(device.setupFrame())).toBe(
      // protocol 0, versions 2 to 2, flag 0, "127.0.0.1", port, "bitaxe", "BM1370", two empty strings
      `000000250000000200020001000000093132372e302e302e31${port}0662697461786506424d313337300000`,
    );
    expect(toHex(device.openFrame())).toBe(
      // request 1, "alice.bitaxe1", 1e12 as a float, any target
      `000010360000010000000d616c6963652e62697461786531a5d46853${"ff".repeat(32)}`,
    );
  });

  it("gets Success, a future job of its own and SetNewPrevHash, in this order, and mines", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    expect(device.heard.slice(0, 4)).toEqual([0x01, 0x11, 0x15, 0x20]);
    await mines(scene, device);
  });

  it("mines through tips and refreshes, and has no share rejected", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await minesThroughTips(scene, device);
  });

  it("hears something in each minute, while the node serves and while it does not", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await hearsEachMinute(scene, device);
    scene.nodeIsBack();
    await device.minesOn(scene.tip());
  });

  it("that reconnects and sends a share before its channel is open finds the Success behind its Open", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    device.link.socket.destroy();
    await device.connect(() => device.strayShare());
    await device.minesOn(scene.prevHash);
    expect(scene.complaints).toEqual([]);
  });

  it("is not left with a closed channel, which it knows nothing of, when nobody can be paid for it any more", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await isToldThatNobodyIsPaid(scene, device);
  });
});
