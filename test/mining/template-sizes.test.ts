import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { merklePath } from "../../src/bitcoin/merkle.ts";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { concatBytes, fromHex, reversed, toHex } from "../../src/core/bytes.ts";
import { extendedJobFrame } from "../../src/mining/job-frames.ts";
import { payoutTo } from "../../src/mining/payout.ts";
import { MAX_JOB_FRAME_BYTES, WorkBook } from "../../src/mining/work-book.ts";
import { workKind } from "../../src/mining/work-kind.ts";
import type { Template } from "../../src/templates/template.ts";
import { NewExtendedMiningJob } from "../../src/wire/job-messages.ts";
import { PoolHarness, read, template } from "../session/session-fixture.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { A, Rig } from "./channel-rig.ts";

/** As another program reads a block: none of our own code. */
type OtherBlock = {
  readonly transactions: readonly { readonly hash: string; isCoinbase(): boolean }[];
  readonly header: { readonly merkleRoot: Uint8Array; readonly version: number };
  readonly hash: string;
  validMerkleRoot(): boolean;
};
const { Block } = createRequire(import.meta.url)("bitcore-lib") as { Block: new (bytes: Buffer) => OtherBlock };

function doubleSha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(createHash("sha256").update(bytes).digest()).digest();
}

/** One input and one output of no value, told apart by the locktime. */
function transaction(index: number): { readonly data: Uint8Array; readonly txid: Uint8Array } {
  const locktime = Buffer.alloc(4);
  locktime.writeUInt32LE(index);
  const body = `0100000001${"11".repeat(32)}0000000000ffffffff01${"00".repeat(8)}0151`;
  const data = concatBytes(fromHex(body), locktime);
  return { data, txid: doubleSha256(data) };
}

function templateOf(count: number): Template {
  const transactions = Array.from({ length: count }, (_, index) => transaction(index));
  return template({ prevHash: A, transactions, merklePath: merklePath(transactions.map(({ txid }) => txid)) });
}

describe.each([0, 1, 2, 3, 4, 1_000, 5_000])("a template of %d transactions", (count) => {
  const full = templateOf(count);

  it.each(["standard", "extended"] as const)(
    "gives a %s channel's share a block that another program finds valid",
    (kind) => {
      const harness = new PoolHarness();
      harness.pool.setTemplate(full);
      const rig = new Rig(harness);
      const channel = rig.open({ kind });
      const extranonce = new Uint8Array(channel.rollableBytes).fill(0x77);
      const share = rig.view.share(channel.channelId, { meets: targetOfDifficulty(1e-9), extranonce });
      expect(rig.judge(channel, share)).toBe("accepted block");
      const [found] = harness.blocks;
      const block = new Block(Buffer.from(found?.block ?? new Uint8Array(0)));
      expect(block.transactions).toHaveLength(count + 1);
      expect(block.validMerkleRoot()).toBe(true);
      expect(block.transactions[0]?.isCoinbase()).toBe(true);
      expect(block.transactions.slice(1).map(({ hash }) => hash)).toEqual(
        full.transactions.map(({ txid }) => toHex(reversed(txid))),
      );
      expect(block.hash).toBe(toHex(reversed(found?.hash ?? new Uint8Array(0))));
    },
  );

  it("has a job whose merkle path has a sibling for each level of its tree", () => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(full);
    const rig = new Rig(harness);
    rig.open({ kind: "extended" });
    const { merkle_path } = read(rig.frames()[1], NewExtendedMiningJob);
    expect(merkle_path).toHaveLength(Math.ceil(Math.log2(count + 1)));
  });
});

describe("a coinbase with many outputs", () => {
  const logger = new RecordingLogger();
  /** 34 bytes, as most outputs have today: 43 with value and length. */
  const script = (index: number, length = 34): Uint8Array => new Uint8Array(length).fill(index & 0xff);

  /** Bytes of a job's frame with so many cuts, the last one's script of that length; a template is taken first. */
  function frameBytes(cuts: number, lastScript: number): number {
    const shares = Array.from({ length: cuts }, (_, index) => ({
      script: script(1 + (index % 200), index === cuts - 1 ? lastScript : 34),
      basisPoints: 1 + Math.floor(index / 200),
    }));
    const kind = workKind(16, payoutTo(script(0), ...shares));
    const book = new WorkBook({ poolTag: "/t/" }, { logger });
    book.setTemplate(templateOf(1_000), [kind]);
    const job = book.jobTemplate(kind);
    if (job === undefined) throw new Error("there is no job");
    return extendedJobFrame(job, { channelId: 1, jobId: 1, future: false }).length;
  }

  it("fits a job's frame up to 8,191 bytes, and not one byte more", () => {
    const one = frameBytes(1, 34);
    const most = 1 + Math.floor((MAX_JOB_FRAME_BYTES - one - 2) / 43);
    const left = MAX_JOB_FRAME_BYTES - frameBytes(most, 34);
    expect(most).toBeGreaterThan(170);
    expect(frameBytes(most, 34 + left)).toBe(8_191);
    expect(() => frameBytes(most, 34 + left + 1)).toThrow(/8192 bytes/);
  });
});
