import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { hashesFor, numberOf } from "./hashing.ts";
import { HASHES_PER_SHARE, PoolScene } from "./pool-scene.ts";
import { MINER_HASHRATE, SriTranslator } from "./sri-translator-model.ts";

const HOUR_SECONDS = 3_600;

async function connected(options: { readonly aggregated: boolean }): Promise<[PoolScene, SriTranslator]> {
  const scene = await PoolScene.start({ hashrate: MINER_HASHRATE });
  const translator = new SriTranslator(scene, options);
  await translator.connect();
  return [scene, translator];
}

/** Two tips with two refreshes each; a share of every miner on each job is accepted. */
async function minesOn(scene: PoolScene, translator: SriTranslator): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    const { jobIds } = translator;
    if (round % 3 === 0) scene.tip();
    else scene.refresh();
    await translator.movesOn(jobIds);
    await translator.minesOn(scene.prevHash);
    const { judged } = scene;
    const channels = [...translator.channels.values()];
    const before = channels.map(({ acknowledged }) => acknowledged);
    for (const id of translator.channels.keys()) translator.share(id);
    await scene.acknowledge(judged, channels.length);
    await translator.until("the acknowledgements", () =>
      channels.every(({ acknowledged }, index) => acknowledged === (before[index] ?? 0) + 1),
    );
  }
  expect(translator.rejected).toEqual([]);
}

describe.each([
  { mode: "that gives each miner a channel", aggregated: false },
  { mode: "that puts all miners on one channel", aggregated: true },
])("an SRI translator $mode", ({ aggregated }) => {
  it("is known by its vendor, and gets the extranonce that it asks for", async () => {
    const [scene, translator] = await connected({ aggregated });
    const id = await translator.open();
    await translator.minesOn(scene.prevHash);
    expect(hashesFor(translator.channel(id).target)).toBeCloseTo(HASHES_PER_SHARE, -1);
    expect(translator.channel(id).opened.rollable).toBeGreaterThanOrEqual(aggregated ? 6 : 4);
    expect(scene.bench.logger.of("connection set up")).toMatchObject([
      { vendor: "SRI", hardwareVersion: "Translator Proxy", flags: 4 },
    ]);
  });

  it("keeps to the pool over tips and refreshes, with its first channel", async () => {
    const [scene, translator] = await connected({ aggregated });
    await translator.open();
    await translator.minesOn(scene.prevHash);
    await minesOn(scene, translator);
    expect(scene.complaints).toEqual([]);
  });

  it("has its new hashrate answered with a target at once, and with work where that is easier", async () => {
    const [scene, translator] = await connected({ aggregated });
    const id = await translator.open();
    await translator.minesOn(scene.prevHash);
    const { target } = translator.channel(id);
    translator.update(id, MINER_HASHRATE / 4);
    await translator.until("the easier target", () => translator.targets === 1);
    expect(numberOf(translator.channel(id).target)).toBeGreaterThan(numberOf(target));
    await translator.until("a job with it", () => translator.channel(id).active?.target !== target);
    translator.share(id);
    await scene.acknowledge(0);
    await translator.until("the acknowledgement", () => translator.channel(id).acknowledged === 1);
    translator.update(id, MINER_HASHRATE);
    await translator.until("the harder target", () => translator.targets === 2);
    expect(toHex(translator.channel(id).target)).toBe(toHex(target));
    await minesOn(scene, translator);
  });

  it("hears something on each channel in each minute, also while the node is away", async () => {
    const [scene, translator] = await connected({ aggregated });
    const channels = aggregated ? 1 : 3;
    for (let channel = 0; channel < channels; channel += 1) await translator.open();
    await translator.minesOn(scene.prevHash);
    scene.nodeIsAway();
    for (let minute = 1; minute <= 3; minute += 1) {
      scene.bench.clock.advance(60_000);
      await translator.until("a target for each channel", () => translator.targets >= minute * channels);
    }
    scene.nodeIsBack();
    await minesOn(scene, translator);
  });
});

describe("an SRI translator with several channels", () => {
  it("has its last shares acknowledged before the pool stops, and is sent no Reconnect, at which it would abort", async () => {
    const stratum = { reconnectTo: { host: "pool-b.example", port: 3335 } };
    const scene = await PoolScene.start({ hashrate: MINER_HASHRATE, stratum });
    const translator = new SriTranslator(scene, { aggregated: false });
    await translator.connect();
    const ids = [await translator.open(), await translator.open()];
    await translator.minesOn(scene.prevHash);
    for (const id of ids) translator.share(id);
    await scene.stop(0, 2);
    await translator.link.ended;
    // It throws at what it does not know.
    await translator.until("all that came", () => translator.link.unread === 0);
    expect(ids.map((id) => translator.channel(id).acknowledged)).toEqual([1, 1]);
    expect(translator.rejected).toEqual([]);
  });

  it("keeps to the pool while its group grows from one to four, between tips and across one", async () => {
    const [scene, translator] = await connected({ aggregated: false });
    await translator.open();
    await minesOn(scene, translator);
    expect(translator.groupMessages).toBe(0);
    await translator.open();
    await minesOn(scene, translator);
    // Messages to all cost one frame from two members on.
    expect(translator.groupMessages).toBeGreaterThan(0);
    // One joins after what the others were announced for the next block, and before that block.
    await translator.open();
    await minesOn(scene, translator);
    // One's request and the next block cross on the wire.
    const fourth = translator.open();
    scene.tip();
    await fourth;
    await translator.minesOn(scene.prevHash);
    await minesOn(scene, translator);
    expect(translator.channels.size).toBe(4);
  });

  it("keeps to the pool while its miners leave one after the other, and others come", async () => {
    const [scene, translator] = await connected({ aggregated: false });
    const ids = [await translator.open(), await translator.open(), await translator.open()];
    await minesOn(scene, translator);
    for (const id of ids) {
      translator.close(id);
      if (translator.channels.size > 0) await minesOn(scene, translator);
    }
    await translator.open();
    await minesOn(scene, translator);
    await translator.open();
    await minesOn(scene, translator);
    expect(scene.bench.service.channels).toBe(2);
  });

  it("keeps to the pool on tips that what it was announced does not fit", async () => {
    const [scene, translator] = await connected({ aggregated: false });
    await translator.open();
    await translator.open();
    for (const height of [900_001, 900_001, 900_007, 900_007]) {
      scene.tip({ height });
      await translator.minesOn(scene.prevHash);
    }
    await minesOn(scene, translator);
  });
});

describe("an SRI translator's clock", () => {
  it("may be an hour slow: the certificate is backdated", async () => {
    const scene = await PoolScene.start({ hashrate: MINER_HASHRATE });
    await new SriTranslator(scene, { aggregated: true }).connect(-HOUR_SECONDS);
  });

  it("finds the certificate valid days after the pool started", async () => {
    const scene = await PoolScene.start({ hashrate: MINER_HASHRATE });
    await new SriTranslator(scene, { aggregated: true }).connect();
    scene.bench.clock.jump(100 * HOUR_SECONDS * 1000);
    await new SriTranslator(scene, { aggregated: true }).connect();
  });
});
