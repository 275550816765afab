import { describe, expect, it } from "vitest";
import { BitaxeDevice } from "./bitaxe-device.ts";
import { NoiseLink } from "./noise-link.ts";
import { PoolScene } from "./pool-scene.ts";

/** "Test connection": the whole handshake, then nothing. */
async function tests(scene: PoolScene, close: (link: NoiseLink) => void): Promise<void> {
  const link = await NoiseLink.open(scene.link({ maxPayloadBytes: 0 }));
  close(link);
  await link.ended;
  await scene.bench.left(0);
}

describe("a fleet manager that tests the connection", () => {
  it("closes after the handshake, and that is no error", async () => {
    const scene = await PoolScene.start();
    await tests(scene, ({ socket }) => socket.end());
    expect(scene.complaints).toEqual([]);
    expect(scene.bench.logger.of("connection ended")).toEqual([expect.objectContaining({ reason: "peer-closed" })]);
  });

  it("may do so as often as it likes, and resets are no error either", async () => {
    const scene = await PoolScene.start();
    for (let time = 0; time < 10; time += 1) await tests(scene, ({ socket }) => socket.resetAndDestroy());
    expect(scene.complaints).toEqual([]);
    const device = new BitaxeDevice(scene, { kind: "extended" });
    await device.connect();
    await device.minesOn(scene.prevHash);
  });
});
