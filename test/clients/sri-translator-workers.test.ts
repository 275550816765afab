import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { portHex } from "./bytes.ts";
import * as sv2 from "./messages.ts";
import { PoolScene } from "./pool-scene.ts";
import { MINER_HASHRATE, SriTranslator } from "./sri-translator-model.ts";

/** Worker-specific hashrate tracking. */
const EXTENSIONS = [0x0002];

async function connected(aggregated: boolean): Promise<[PoolScene, SriTranslator]> {
  const scene = await PoolScene.start({ hashrate: MINER_HASHRATE });
  const translator = new SriTranslator(scene, { aggregated, extensions: EXTENSIONS });
  await translator.connect();
  return [scene, translator];
}

/** The shares are judged, stored and acknowledged. @returns who earned by how many of them. */
async function credited(scene: PoolScene, translator: SriTranslator, shares: number): Promise<Map<string, number>> {
  const { commits } = scene.bench.ledger;
  const stored = commits.length;
  const sum = (): number => [...translator.channels.values()].reduce((all, { acknowledged }) => all + acknowledged, 0);
  const before = sum();
  await scene.acknowledge(before, shares);
  await translator.until("the acknowledgements", () => sum() === before + shares);
  const earned = new Map<string, number>();
  for (const { userIdentity, acceptedShares } of commits.slice(stored).flatMap(({ value }) => value.credits)) {
    earned.set(userIdentity, (earned.get(userIdentity) ?? 0) + acceptedShares);
  }
  return earned;
}

describe("an SRI translator that is configured with extension 0x0002", () => {
  it("asks for it behind its setup, and names the worker behind a share, in bytes of little-endian order", () => {
    // extension 1, message 0, 6 bytes: request 1, one extension, 2
    expect(toHex(sv2.requestExtensions(1, EXTENSIONS))).toBe("010000060000010001000200");
    // extension 2, field 1, 10 bytes, "alice.rig1"
    expect(toHex(sv2.workerField("alice.rig1"))).toBe("0200010a00616c6963652e72696731");
    const share = { channelId: 2, sequence: 3, jobId: 4, nonce: 5, ntime: 0x6553f100, version: 0x20002004 };
    expect(toHex(sv2.submitExtended(share, Uint8Array.of(0x5e, 0x5f), sv2.workerField("alice.rig1")))).toBe(
      // channel_msg, 42 bytes; channel 2, sequence 3, job 4, nonce 5, time, version, extranonce 5e5f, and the field
      "00801b2a00000200000003000000040000000500000000f1536504200020025e5f0200010a00616c6963652e72696731",
    );
  });

  it("sends its setup, its request and an open that asks for two bytes more than its miners need", async () => {
    const [scene, translator] = await connected(true);
    const id = await translator.open();
    await translator.minesOn(scene.prevHash);
    translator.share(id, "alice.rig1");
    const [setup = "", request = "", open = "", share = ""] = translator.link.sent.map(toHex);
    // protocol 0, versions 2 to 2, flag 2, "127.0.0.1", port, "SRI", "Translator Proxy", two empty strings
    const names = "03535249105472616e736c61746f722050726f78790000";
    expect(setup).toBe(`0000002c0000000200020004000000093132372e302e302e31${portHex(scene.bench.port)}${names}`);
    expect(request).toBe("010000060000010001000200");
    // request 1, "alice.translator-proxy", 1e13 as a float, any target, 6
    const user = "16616c6963652e7472616e736c61746f722d70726f7879";
    expect(open).toBe(`00001341000001000000${user}e7841155${"ff".repeat(32)}0600`);
    // channel_msg, 48 bytes: a channel, sequence 1, job, nonce, time, version, 8 bytes of extranonce, and the field
    expect(share).toMatch(/^00801b300000[0-9a-f]{8}01000000[0-9a-f]{32}08(5e){8}0200010a00616c6963652e72696731$/);
  });

  it("has each share on its one channel credited to the miner that found it", async () => {
    const [scene, translator] = await connected(true);
    const id = await translator.open();
    await translator.minesOn(scene.prevHash);
    for (const worker of ["alice.rig1", "alice.rig2", "alice.rig1", "rig3", "alice"]) translator.share(id, worker);
    expect(await credited(scene, translator, 5)).toEqual(
      new Map([
        ["alice.rig1", 2],
        ["alice.rig2", 1],
        ["alice.rig3", 1],
        ["alice", 1],
      ]),
    );
    // As before on the next block.
    await translator.minesOn(scene.tip());
    translator.share(id, "alice.rig2");
    expect(await credited(scene, translator, 1)).toEqual(new Map([["alice.rig2", 1]]));
    expect(translator.rejected).toEqual([]);
    expect(scene.complaints).toEqual([]);
  });

  it("has the shares of each channel credited to its miner, which both the channel and the share name", async () => {
    const [scene, translator] = await connected(false);
    const ids = [await translator.open(), await translator.open()];
    await translator.minesOn(scene.prevHash);
    for (const [index, id] of ids.entries()) translator.share(id, `alice.miner${index + 1}`);
    expect(await credited(scene, translator, 2)).toEqual(
      new Map([
        ["alice.miner1", 1],
        ["alice.miner2", 1],
      ]),
    );
    expect(translator.rejected).toEqual([]);
  });

  it("gives a pool up that does not know all that it requires", async () => {
    const scene = await PoolScene.start({ hashrate: MINER_HASHRATE });
    const translator = new SriTranslator(scene, { aggregated: true, extensions: [0x0002, 0x4055] });
    await expect(translator.connect()).rejects.toThrow("all that it requires is supported");
  });
});
