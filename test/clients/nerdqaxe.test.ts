import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import type { BitaxeDevice } from "./bitaxe-device.ts";
import {
  comesBackAfterReload,
  connectedDevice,
  hearsEachMinute,
  isToldThatNobodyIsPaid,
  minesThroughTips,
} from "./bitaxe-script.ts";
import { portHex } from "./bytes.ts";
import { PoolScene } from "./pool-scene.ts";

/** Its client is the Bitaxe's; it names itself by its model, and asks for six bytes to roll. */
function connected(scene: PoolScene): Promise<BitaxeDevice> {
  return connectedDevice(scene, { kind: "extended", vendor: "NerdQAxe+", chip: "BM1368", minExtranonce: 6 });
}

describe("a NerdQAxe", () => {
  it("sends its model for a vendor, asks for six bytes, and counts its shares from 0", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    device.share();
    const [setup = "", open = "", share = ""] = device.link.sent.map(toHex);
    // protocol 0, versions 2 to 2, no flags, "127.0.0.1", port, "NerdQAxe+", "BM1368", two empty strings
    const names = "094e657264514178652b06424d313336380000";
    expect(setup).toBe(`000000280000000200020000000000093132372e302e302e31${portHex(scene.bench.port)}${names}`);
    // request 1, "alice.bitaxe1", 1e12 as a float, any target, 6
    expect(open).toBe(`000013380000010000000d616c6963652e62697461786531a5d46853${"ff".repeat(32)}0600`);
    // channel_msg, 33 bytes: a channel, sequence 0, job, nonce, time, version, 8 bytes of extranonce from 0 on
    expect(share).toMatch(/^00801b210000[0-9a-f]{8}00000000[0-9a-f]{32}080{16}$/);
  });

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

  it("reads the very difficulty of its target, though it cuts off what is behind the point", async () => {
    // 1e12 hashes a second, 7 shares a minute: 1,995.7 would suit.
    const scene = await PoolScene.start({ mining: { sharesPerMinute: 7 } });
    const { target } = (await connected(scene)).opened;
    const difficulty = (0xffff * 2 ** 208) / Number(BigInt(`0x${Buffer.from(target).reverse().toString("hex")}`));
    expect(Math.floor(difficulty)).toBe(1_996);
    expect(difficulty - 1_996).toBeLessThan(1e-9);
  });

  it.each(["NerdAxe", "NerdQAxe++", "NerdOCTAXE-γ", "NerdQX", "Q1370", "Q1373"])(
    "that names itself %s is disconnected where its extranonce changes, and comes back with the new one",
    async (vendor) => {
      const scene = await PoolScene.start();
      const device = await connectedDevice(scene, { kind: "extended", vendor, chip: "BM1370", minExtranonce: 6 });
      await comesBackAfterReload(scene, device);
    },
  );

  it("hears something in each minute, while the node serves and while it does not", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await hearsEachMinute(scene, device);
  });

  it("is not left with a closed channel, which it knows nothing of, when nobody can be paid for it any more", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await isToldThatNobodyIsPaid(scene, device);
  });
});
