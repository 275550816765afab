/** What every device with the Bitaxe's client goes through, whatever its channel. */

import { expect } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { BitaxeDevice, type BitaxeOptions } from "./bitaxe-device.ts";
import { hashesFor } from "./hashing.ts";
import { HASHES_PER_SHARE, JOB_VERSION, type PoolScene } from "./pool-scene.ts";

/** A device that is set up on that pool, and has asked for its channel. */
export async function connectedDevice(scene: PoolScene, options: BitaxeOptions): Promise<BitaxeDevice> {
  const device = new BitaxeDevice(scene, options);
  await device.connect();
  return device;
}

/** The first share of a device that has just got its first job. */
export async function mines(scene: PoolScene, device: BitaxeDevice): Promise<void> {
  expect(device.work.version).toBe(JOB_VERSION);
  // Read in the other byte order it would be any hash, or none.
  expect(hashesFor(device.work.target)).toBeCloseTo(HASHES_PER_SHARE, -1);
  device.share();
  await scene.acknowledge(0);
  await device.until("the acknowledgement", () => device.acknowledged.length > 0);
  expect(device.acknowledged).toMatchObject([{ channelId: device.opened.channelId, lastSequence: 0, count: 1 }]);
}

/** Twelve jobs more than the first: more than it has slots, on one tip and over several. A share of each is accepted. */
export async function minesThroughTips(scene: PoolScene, device: BitaxeDevice): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    const { jobId } = device.work;
    if (round % 4 === 3) scene.tip();
    else scene.refresh();
    await device.until("another job", () => device.work.jobId > jobId);
    await device.minesOn(scene.prevHash);
    // Shares get lost between its chip and its socket: their numbers are spent.
    if (round % 3 === 0) device.skipSequence();
    device.share();
    await scene.acknowledge(round);
    await device.until("the acknowledgement", () => device.acknowledged.length === round + 1);
  }
  expect(device.rejected).toEqual([]);
}

/**
 * The operator pays each miner its own blocks, and its user names no address. It would go on with a closed channel:
 * so its connection ends, and it comes back to be told why.
 */
export async function isToldThatNobodyIsPaid(scene: PoolScene, device: BitaxeDevice): Promise<void> {
  while (device.link.unread > 0) await device.hears();
  scene.goSolo();
  await expect(device.hears()).rejects.toThrow("the link was over");
  expect(scene.bench.logger.of("connection ended")).toMatchObject([{ reason: "payout-changed" }]);
  await expect(device.connect()).rejects.toThrow("the frame after its Open is the matching Success");
  expect(scene.bench.logger.of("channel refused")).toMatchObject([{ errorCode: "unknown-user" }]);
}

/** Six minutes, in the last three of which the node is away and stays so. */
export async function hearsEachMinute(scene: PoolScene, device: BitaxeDevice): Promise<void> {
  for (let minute = 0; minute < 6; minute += 1) {
    while (device.link.unread > 0) await device.hears();
    if (minute === 3) scene.nodeIsAway();
    scene.bench.clock.advance(60_000);
    await device.hears();
  }
}

/** The pool gets another instance id: the device is disconnected, since it would go on with its old extranonce. */
export async function comesBackAfterReload(scene: PoolScene, device: BitaxeDevice): Promise<void> {
  await device.minesOn(scene.prevHash);
  scene.reload({ instanceId: 0xabcd });
  await device.link.ended;
  // No message that it does not know came before.
  while (device.link.unread > 0) await device.hears();
  await device.connect();
  expect(toHex(device.opened.prefix.subarray(0, 2))).toBe("abcd");
  await device.minesOn(scene.prevHash);
  await mines(scene, device);
  expect(device.rejected).toEqual([]);
}
