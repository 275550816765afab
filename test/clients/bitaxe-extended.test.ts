import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { DEFAULT_TIMEOUTS } from "../../src/server/stratum-server.ts";
import { SimulatedSource } from "../../src/templates/simulated-source.ts";
import type { Template } from "../../src/templates/template.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { BitaxeDevice } from "./bitaxe-device.ts";
import {
  comesBackAfterReload,
  connectedDevice,
  hearsEachMinute,
  isToldThatNobodyIsPaid,
  mines,
  minesThroughTips,
} from "./bitaxe-script.ts";
import { numberOf } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { PoolScene } from "./pool-scene.ts";

function connected(scene: PoolScene): Promise<BitaxeDevice> {
  return connectedDevice(scene, { kind: "extended" });
}

describe("a Bitaxe with an extended channel, its default,", () => {
  it("sends a setup without flags and asks for two bytes to roll", async () => {
    const scene = await PoolScene.start();
    const device = new BitaxeDevice(scene, { kind: "extended" });
    const port = toHex(Uint8Array.of(scene.bench.port & 0xff, scene.bench.port >> 8));
    expect(toHex(device.setupFrame())).toBe(
      // protocol 0, versions 2 to 2, flags 0, "127.0.0.1", port, "bitaxe", "BM1370", two empty strings
      `000000250000000200020000000000093132372e302e302e31${port}0662697461786506424d313337300000`,
    );
    expect(toHex(device.openFrame())).toBe(
      // request 1, "alice.bitaxe1", 1e12 as a float, any target, 2
      `000013380000010000000d616c6963652e62697461786531a5d46853${"ff".repeat(32)}0200`,
    );
  });

  it("whose chip takes nine seconds for the handshake is waited for", async () => {
    const scene = await PoolScene.start();
    const device = await connectedDevice(scene, { kind: "extended", handshakeMs: 9_000 });
    await device.minesOn(scene.prevHash);
    await mines(scene, device);
  });

  it("whose chip takes ten seconds for the handshake gives up, whatever the pool allows", async () => {
    const scene = await PoolScene.start({ stratum: { timeouts: { ...DEFAULT_TIMEOUTS, handshakeMs: 20_000 } } });
    const connecting = connectedDevice(scene, { kind: "extended", handshakeMs: 10_000 });
    await expect(connecting).rejects.toThrow("the device fails: the handshake takes less than 10 s");
  });

  it("gets Success, a future job and SetNewPrevHash, in this order, and mines", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    expect(device.heard.slice(0, 4)).toEqual([0x01, 0x14, 0x1f, 0x20]);
    await mines(scene, device);
    expect(device.rejected).toEqual([]);
  });

  it("mines through tips and refreshes, with gaps in its sequence, and has no share rejected", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await minesThroughTips(scene, device);
    expect(device.acknowledged.at(-1)?.lastSequence).toBe(15);
  });

  it("has a share of the first job of a tip accepted after eight minutes of refreshes", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    const { work } = device;
    for (let refresh = 0; refresh < 8; refresh += 1) {
      scene.bench.clock.advance(55_000);
      scene.refresh();
      const { jobId } = device.work;
      await device.until("another job", () => device.work.jobId > jobId);
    }
    device.share({ work });
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
    expect(device.rejected).toEqual([]);
  });

  it("is told why a share of the tip before is no good, by its sequence number", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    const { work } = device;
    await device.minesOn(scene.tip());
    device.skipSequence();
    device.share({ work });
    await device.until("the answer", () => device.rejected.length > 0);
    expect(device.rejected).toEqual([{ channelId: device.opened.channelId, sequence: 1, code: "stale-share" }]);
  });

  it("takes a job of a full template: 13 merkle branches", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    const full = await fullTemplate(scene);
    expect(full.transactions.length).toBeGreaterThan(4_096);
    await device.minesOn(scene.tip({ transactions: full.transactions, merklePath: full.merklePath }), 13);
    device.share();
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
  });

  it("mines on a tip that what it was announced does not fit", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    // Another block of the same height took the place of the last one.
    await device.minesOn(scene.tip({ height: 900_001 }));
    await device.minesOn(scene.tip());
    device.share();
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
    expect(device.rejected).toEqual([]);
  });

  it("hears something in each minute, while the node serves and while it does not", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await hearsEachMinute(scene, device);
    // What it had goes on; shares are acknowledged as ever.
    device.share();
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
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
    device.share();
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
    expect(device.rejected).toEqual([]);
    expect(scene.complaints).toEqual([]);
  });

  it("has its last share acknowledged before the pool stops, and comes back to where it was", async () => {
    const scene = await PoolScene.start({ stratum: { reconnectTo: { host: "pool-b.example", port: 3335 } } });
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    device.share();
    await scene.stop(0, 1);
    await device.link.ended;
    while (device.link.unread > 0) await device.hears();
    expect(device.acknowledged).toMatchObject([{ lastSequence: 0, count: 1 }]);
    // It ignores where it was sent: it knows one pool, which is started anew.
    const again = await PoolScene.start({ port: scene.bench.port });
    const back = await connected(again);
    await back.minesOn(again.prevHash);
    await mines(again, back);
  });

  it("is disconnected where a reload gives the pool another instance id, and comes back with a new extranonce", async () => {
    const scene = await PoolScene.start();
    await comesBackAfterReload(scene, await connected(scene));
  });

  it("is judged by the target of its job or by a newer one, whichever is easier", async () => {
    const scene = await PoolScene.start({ mining: { vardiff: true } });
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    const { work } = device;
    // It finds nothing: its target is eased, and a job with the new one follows at once.
    scene.bench.clock.advance(6_000);
    await device.until("a job with the easier target", () => numberOf(device.work.target) > numberOf(work.target));
    expect(device.heard.slice(-2)).toEqual([sv2.SET_TARGET, sv2.NEW_EXTENDED_MINING_JOB]);
    device.share({ work });
    device.share({ work, target: device.target, above: work.target });
    device.share();
    await scene.acknowledge(0, 3);
    await device.until("the acknowledgement", () => device.acknowledged.length > 0);
    expect(device.acknowledged).toMatchObject([{ lastSequence: 2, count: 3 }]);
    expect(device.rejected).toEqual([]);
  });

  it("is not left with a closed channel, which it knows nothing of, when nobody can be paid for it any more", async () => {
    const scene = await PoolScene.start();
    const device = await connected(scene);
    await device.minesOn(scene.prevHash);
    await isToldThatNobodyIsPaid(scene, device);
  });
});

/** What a node with a full mempool gives. */
async function fullTemplate(scene: PoolScene): Promise<Template> {
  const source = new SimulatedSource(
    { difficulty: 1, transactions: 5_000, blockIntervalSeconds: 0, refreshSeconds: 0, seed: 42 },
    { logger: new RecordingLogger(), metrics: createMetricRegistry(), clock: scene.bench.clock },
  );
  const templates: Template[] = [];
  await source.start({ onTemplate: (template) => templates.push(template), onState: () => undefined });
  await source.stop();
  const [template] = templates;
  if (template === undefined) throw new Error("the simulated node gave no template");
  return template;
}
