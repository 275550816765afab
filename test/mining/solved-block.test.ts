import { describe, expect, it } from "vitest";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { hashHeader, serializeHeader } from "../../src/bitcoin/header.ts";
import { merklePath, merkleRoot } from "../../src/bitcoin/merkle.ts";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { txidOf, wtxidOf } from "../../src/bitcoin/transaction.ts";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import type { BlockFound } from "../../src/mining/solved-block.ts";
import type { Template } from "../../src/templates/template.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { PoolHarness, template } from "../session/session-fixture.ts";
import { A, NTIME, Rig } from "./channel-rig.ts";

/** Version 1, one input, one output of no value, of which the last byte of the locktime differs. */
function transaction(index: number): { data: Uint8Array; txid: Uint8Array } {
  const data = fromHex(
    `0100000001${"11".repeat(32)}00000000${"00"}ffffffff01${"00".repeat(8)}0151${"000000"}${index.toString(16).padStart(2, "0")}`,
  );
  return { data, txid: sha256d(data) };
}

const TRANSACTIONS = [1, 2, 3, 4, 5].map(transaction);
/** BIP141: over the witness root and the reserved value of zeros. */
const WITNESS_ROOT = merkleRoot([new Uint8Array(32), ...TRANSACTIONS.map(({ txid }) => txid)]);
const COMMITMENT = sha256d(concatBytes(WITNESS_ROOT, new Uint8Array(32)));

function fullTemplate(fields: Partial<Template> = {}): Template {
  return template({
    prevHash: A,
    transactions: TRANSACTIONS,
    merklePath: merklePath(TRANSACTIONS.map(({ txid }) => txid)),
    witnessCommitment: concatBytes(fromHex("6a24aa21a9ed"), COMMITMENT),
    ...fields,
  });
}

type Found = { readonly found: BlockFound; readonly share: ShareSubmission; readonly rig: Rig; readonly key: string };

/** The block that a channel's share on that template solves. */
function solve(kind: "standard" | "extended", options: { grouped?: boolean; template?: Template } = {}): Found {
  const harness = new PoolHarness();
  harness.pool.setTemplate(options.template ?? fullTemplate());
  const rig = new Rig(harness);
  const channel = rig.open({ kind, userIdentity: "alice.rig" });
  if (options.grouped === true) {
    rig.open({ kind: "extended" });
    harness.pool.setTemplate(options.template ?? fullTemplate());
  }
  const share = rig.view.share(channel.channelId, {
    meets: targetOfDifficulty(1e-9),
    ntime: NTIME + 77,
    version: 0x20000000 | 0x1fffe000,
    extranonce: new Uint8Array(channel.rollableBytes).fill(0xc3),
  });
  expect(rig.judge(channel, share)).toBe("accepted block");
  const [found] = harness.blocks;
  if (found === undefined) throw new Error("no block");
  return { found, share, rig, key: channel.key };
}

describe.each([
  { kind: "standard", grouped: false },
  { kind: "extended", grouped: false },
  { kind: "standard", grouped: true },
  { kind: "extended", grouped: true },
] as const)("the block of a $kind channel's share, grouped: $grouped", ({ kind, grouped }) => {
  it("has exactly the header that the miner hashed, rolled bits and all", () => {
    const { found, share, rig } = solve(kind, { grouped });
    const block = parseBlock(found.block);
    const header = rig.view.header(share);
    expect(serializeHeader(block.header)).toEqual(serializeHeader(header));
    expect(block.header.version).toBe(0x3fffe000);
    expect(toHex(found.hash)).toBe(toHex(hashHeader(header)));
  });

  it("has all transactions, and is what its header commits to", () => {
    const { found } = solve(kind, { grouped });
    const { header, transactions } = parseBlock(found.block);
    expect(transactions).toHaveLength(6);
    expect(merkleRoot(transactions.map(txidOf))).toEqual(header.merkleRoot);
    expect(transactions.slice(1).map((one) => toHex(txidOf(one)))).toEqual(TRANSACTIONS.map(({ txid }) => toHex(txid)));
  });

  it("has a coinbase with the witness that its commitment is made over", () => {
    const [coinbase, ...others] = parseBlock(solve(kind, { grouped }).found.block).transactions;
    if (coinbase === undefined) throw new Error("no coinbase");
    expect(coinbase.inputs[0]?.witness).toEqual([new Uint8Array(32)]);
    const root = merkleRoot([new Uint8Array(32), ...others.map(wtxidOf)]);
    const script = coinbase.outputs.at(-1)?.script ?? new Uint8Array(0);
    expect(toHex(script.subarray(6))).toBe(toHex(sha256d(concatBytes(root, new Uint8Array(32)))));
  });

  it("says who found it, and at which height", () => {
    const { found, key } = solve(kind, { grouped });
    expect(found).toMatchObject({ userIdentity: "alice.rig", channel: key, height: 900_001 });
  });
});

describe("a block without a witness commitment", () => {
  it("has a coinbase without a witness", () => {
    const { found } = solve("extended", { template: template({ prevHash: A }) });
    const [coinbase] = parseBlock(found.block).transactions;
    expect(coinbase?.inputs[0]?.witness).toEqual([]);
  });
});

describe("a found block", () => {
  it("is of the job's template, not of the newest one", () => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(fullTemplate());
    const rig = new Rig(harness);
    const channel = rig.open();
    const share = rig.view.share(channel.channelId, { meets: targetOfDifficulty(1e-9) });
    harness.pool.setTemplate(fullTemplate({ transactions: [], merklePath: [], height: 900_001 }));
    expect(rig.judge(channel, share)).toBe("accepted block");
    expect(parseBlock(harness.blocks[0]?.block ?? new Uint8Array(0)).transactions).toHaveLength(6);
  });

  it("keeps its hash when other shares are hashed after it", () => {
    const { found, share, rig } = solve("extended");
    const wanted = toHex(hashHeader(rig.view.header(share)));
    const channel = rig.connection.find(share.channelId);
    if (channel === undefined) throw new Error("no channel");
    for (let other = 1; other < 5; other += 1) rig.judge(channel, { ...share, nonce: (share.nonce + other) >>> 0 });
    expect(toHex(found.hash)).toBe(wanted);
  });

  it("is a plain value that can be sent to another process", () => {
    const { found } = solve("standard");
    expect(structuredClone(found)).toEqual(found);
  });
});
