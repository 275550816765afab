import { describe, expect, it } from "vitest";
import type { BitaxeDevice } from "./bitaxe-device.ts";
import { connectedDevice, hearsEachMinute, minesThroughTips } from "./bitaxe-script.ts";
import { PoolScene } from "./pool-scene.ts";

/** Its client is the Bitaxe's; it names itself by its model, and asks for six bytes to roll. */
function connected(scene: PoolScene): Promise<BitaxeDevice> {
  return connectedDevice(scene, { kind: "extended", vendor: "NerdQAxe+", chip: "BM1368", minExtranonce: 6 });
}

describe("a NerdQAxe", () => {
  it("gets the six bytes that it asks for, and is known by its model", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    expect(device.opened.rollable).toBeGreaterThanOrEqual(6);
    expect(scene.bench.logger.of("connection set up")).toMatchObject([
      { vendor: "NerdQAxe+", hardwareVersion: "BM1368", flags: 0 },
    ]);
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
  });
});
