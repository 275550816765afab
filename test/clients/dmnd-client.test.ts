import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { someTurns } from "../server/stratum-bench.ts";
import { type Frame, u32 } from "./bytes.ts";
import { numberOf } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import { PoolScene } from "./pool-scene.ts";

/** Token and a random name, where others name their device. */
const DEVICE = "Xb3kT0pQ9aZr7LmW::POOLED::3fK9tokenOfTheUser";
/** 2^64 − 1, little-endian. */
const PROBE_MAX_TARGET = new Uint8Array(32).fill(0xff, 0, 8);
const REQUEST_ID = 0;
const MIN_EXTRANONCE = 8;
/** Its own probe of a pool is given up after this. */
const PROBE_TIMEOUT_MS = 8_000;

async function setUp(scene: PoolScene, flags: number): Promise<{ readonly link: NoiseLink; readonly answer: Frame }> {
  const link = await NoiseLink.open(scene.link({ maxPayloadBytes: 0xffffff }));
  link.send(sv2.setupConnection({ flags, host: "0.0.0.0", port: 50, device: DEVICE }));
  return { link, answer: await link.next("the answer to the setup") };
}

type Probed = { readonly opened: sv2.Opened; readonly link: NoiseLink };

/**
 * Opens with hashrate 0 and waits for a job and its prev hash; any other message but of the mining protocol is the end.
 * @param meanwhile what happens between its request for a channel and the answer.
 */
async function probe(scene: PoolScene, meanwhile: () => Promise<void> = async () => undefined): Promise<Probed> {
  const begunMs = scene.bench.clock.monotonicMs();
  const { link, answer } = await setUp(scene, 0b100);
  expect(answer.msgType).toBe(sv2.SETUP_SUCCESS);
  const [user, maxTarget] = ["ABC", PROBE_MAX_TARGET];
  link.send(sv2.openExtended({ requestId: REQUEST_ID, user, hashrate: 0, maxTarget, minExtranonce: MIN_EXTRANONCE }));
  await meanwhile();
  const success = await link.next("the channel");
  expect(success.msgType).toBe(sv2.OPEN_EXTENDED_SUCCESS);
  const job = await link.next("the first job");
  const prevHash = await link.next("the first prev hash");
  expect([job.msgType, prevHash.msgType]).toEqual([sv2.NEW_EXTENDED_MINING_JOB, sv2.SET_NEW_PREV_HASH]);
  const named = sv2.readSetNewPrevHash(prevHash.payload);
  expect(sv2.readNewExtendedMiningJob(job.payload)).toMatchObject({ jobId: named.jobId, minNtime: undefined });
  if (scene.bench.clock.monotonicMs() - begunMs >= PROBE_TIMEOUT_MS) throw new Error("the probe took 8 s");
  return { opened: sv2.readOpenExtendedSuccess(success.payload), link };
}

describe("the DMND client", () => {
  it("sees its latency probe succeed: no hashrate, and a target that nobody can meet", async () => {
    const scene = await PoolScene.start();
    const { opened, link } = await probe(scene);
    const [setup = "", open = ""] = link.sent.map(toHex);
    // protocol 0, versions 2 to 2, flag 2, "0.0.0.0", port 50, three empty strings, 44 bytes for the device
    const device = `2c${toHex(new TextEncoder().encode(DEVICE))}`;
    expect(setup).toBe(`00000043000000020002000400000007302e302e302e303200000000${device}`);
    // request 0, "ABC", no hashrate, 2^64 - 1, 8
    expect(open).toBe(`0000132e0000000000000341424300000000${"ff".repeat(8)}${"00".repeat(24)}0800`);
    expect(opened.requestId).toBe(REQUEST_ID);
    expect(opened.rollable).toBeGreaterThanOrEqual(MIN_EXTRANONCE);
    // Never easier than it said.
    expect(numberOf(opened.target)).toBeLessThanOrEqual(2n ** 64n - 1n);
    expect(numberOf(opened.target)).toBeGreaterThan(0n);
    link.socket.destroy();
    await scene.bench.left(0);
    expect(scene.complaints).toEqual([]);
  });

  it("sees its probe succeed in time where the node is away when it asks", async () => {
    const scene = await PoolScene.start();
    scene.nodeIsAway();
    await probe(scene, async () => {
      await someTurns();
      scene.bench.clock.advance(4_000);
      expect(scene.bench.service.channels).toBe(0);
      scene.nodeIsBack();
      scene.tip();
    });
  });

  it("takes a pool for dead whose answer comes after eight seconds", async () => {
    const scene = await PoolScene.start();
    const slow = probe(scene, async () => scene.bench.clock.advance(8_000));
    await expect(slow).rejects.toThrow("the probe took 8 s");
  });

  it("may probe again and again: nothing of a probe is left", async () => {
    const scene = await PoolScene.start({ mining: { maxChannels: 1 } });
    for (let time = 0; time < 5; time += 1) {
      const { link } = await probe(scene);
      link.socket.destroy();
      await scene.bench.left(0);
      expect(scene.bench.service.channels).toBe(0);
    }
  });

  it("has its token neither in the log nor in an answer", async () => {
    const scene = await PoolScene.start();
    const { link } = await probe(scene);
    link.socket.destroy();
    await scene.bench.left(0);
    expect(JSON.stringify(scene.bench.logger.lines)).not.toContain("3fK9tokenOfTheUser");
  });

  it("that wants to select its work is refused until there is job declaration, with that bit alone", async () => {
    const scene = await PoolScene.start();
    const { link, answer } = await setUp(scene, 0b110);
    expect(answer).toMatchObject({ extensionType: 0, msgType: sv2.SETUP_ERROR });
    expect(answer.payload.subarray(0, 4)).toEqual(u32(0b010));
    expect(sv2.readSetupError(answer.payload).code).toBe("unsupported-feature-flags");
    await link.ended;
    expect(link.unread).toBe(0);
  });
});
