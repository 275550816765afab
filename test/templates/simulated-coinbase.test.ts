import { beforeEach, describe, expect, it } from "vitest";
import { heightScript } from "../../src/bitcoin/coinbase.ts";
import { parseTransaction, type Transaction, wtxidOf } from "../../src/bitcoin/transaction.ts";
import { witnessCommitment, witnessCommitmentScript } from "../../src/bitcoin/witness-commitment.ts";
import { concatBytes } from "../../src/core/bytes.ts";
import { SeededRandom, simulatedTransaction } from "../../src/templates/simulated-transactions.ts";
import { type BlockParts, coinbaseOf, paying, SimulatedBench, withCoinbase, withOthers } from "./simulated-bench.ts";

let bench: SimulatedBench;

beforeEach(async () => {
  bench = await SimulatedBench.start();
});

/** The verdict on a block with that change of the coinbase's only input. */
function withInput(change: Partial<Transaction["inputs"][number]>, more: Partial<Transaction> = {}): Promise<string> {
  return bench.submitChanged((good) =>
    withCoinbase(good, ({ inputs }) => ({ inputs: inputs.map((input) => ({ ...input, ...change })), ...more })),
  );
}

/** The verdict on a block with other outputs behind the one that pays. */
function withCommitments(...scripts: readonly Uint8Array[]): Promise<string> {
  return bench.submitChanged((good) =>
    withCoinbase(good, ({ outputs }) => ({
      outputs: [...outputs.slice(0, 1), ...scripts.map((script) => ({ value: 0n, script }))],
    })),
  );
}

/** The verdict on a block with that many bytes in the coinbase's script, height first. */
function withScriptBytes(length: number): Promise<string> {
  const script = new Uint8Array(length).fill(0x51);
  script.set(heightScript(bench.template.height).subarray(0, length));
  return withInput({ script });
}

function commitment(): Uint8Array {
  const { witnessCommitment: script } = bench.template;
  if (script === undefined) throw new Error("the template has no commitment");
  return script;
}

describe("the coinbase of a submitted block", () => {
  it("is refused with bad-cb-missing where there is none", async () => {
    expect(await bench.submitChanged(() => ({ transactions: [] }))).toBe("bad-cb-missing");
    expect(await bench.submitChanged(({ transactions }) => ({ transactions: transactions.slice(1) }))).toBe(
      "bad-cb-missing",
    );
    expect(await withInput({ prevIndex: 0 })).toBe("bad-cb-missing");
    expect(await withInput({ prevTxid: new Uint8Array(32).fill(1) })).toBe("bad-cb-missing");
  });

  it("is refused with bad-cb-multiple where it stands twice", async () => {
    const twice = ({ transactions: [first, ...others] }: BlockParts): Transaction[] =>
      first === undefined ? [] : [first, ...others, { ...first, locktime: 1 }];
    expect(await bench.submitChanged((good) => ({ transactions: twice(good) }))).toBe("bad-cb-multiple");
  });

  it("is refused with bad-cb-length where its script has not 2 to 100 bytes", async () => {
    expect(await withScriptBytes(1)).toBe("bad-cb-length");
    expect(await withScriptBytes(101)).toBe("bad-cb-length");
    expect(await withScriptBytes(2), "long enough, and cut within the height").toBe("bad-cb-height");
    expect(await withScriptBytes(100)).toBe("accepted");
  });

  it("is refused with bad-cb-height where it does not begin with its height", async () => {
    const { height } = bench.template;
    const tag = new Uint8Array(8);
    expect(await withInput({ script: concatBytes(heightScript(height - 1), tag) })).toBe("bad-cb-height");
    expect(await withInput({ script: concatBytes(heightScript(height + 1), tag) })).toBe("bad-cb-height");
    expect(await withInput({ script: concatBytes(tag, heightScript(height)) })).toBe("bad-cb-height");
    // The same number, not in its shortest form.
    const longer = Uint8Array.of(4, ...heightScript(height).subarray(1), 0);
    expect(await withInput({ script: longer })).toBe("bad-cb-height");
    expect(await withInput({ script: heightScript(height) })).toBe("accepted");
  });

  it("is refused with bad-txns-vout-empty where it pays nobody", async () => {
    bench = await SimulatedBench.start({ transactions: 0 });
    const bare = (outputs: Transaction["outputs"]) => (good: BlockParts) =>
      withCoinbase(good, ({ inputs }) => ({ inputs: inputs.map((input) => ({ ...input, witness: [] })), outputs }));
    expect(await bench.submitChanged(bare([]))).toBe("bad-txns-vout-empty");
    expect(await bench.submitChanged(bare([{ value: 0n, script: new Uint8Array(0) }]))).toBe("accepted");
  });

  it("is refused with bad-cb-amount where it pays a satoshi more than subsidy and fees", async () => {
    const { coinbaseValue } = bench.template;
    expect(await bench.submitChanged((good) => paying(good, coinbaseValue + 1n))).toBe("bad-cb-amount");
    expect(await bench.submitChanged((good) => paying(good, 0xffff_ffff_ffff_ffffn))).toBe("bad-cb-amount");
    expect(await bench.submitChanged((good) => paying(good, coinbaseValue))).toBe("accepted");
    expect(await bench.submitChanged((good) => paying(good, 0n)), "it may pay less").toBe("accepted");
  });

  it("is refused with bad-cb-amount where all its outputs together pay too much", async () => {
    const extra = (value: bigint) => (good: BlockParts) =>
      withCoinbase(good, ({ outputs }) => ({ outputs: [{ value, script: Uint8Array.of(0x51) }, ...outputs] }));
    expect(await bench.submitChanged(extra(1n))).toBe("bad-cb-amount");
    expect(await bench.submitChanged(extra(0n))).toBe("accepted");
  });

  it("is refused with bad-cb-amount where it takes the fee of a transaction that is not in the block", async () => {
    expect(await bench.submitChanged((good) => withOthers(good, good.transactions.slice(2)))).toBe("bad-cb-amount");
  });

  it("is refused with bad-txns-nonfinal where its locktime has not come, unless its sequence is final", async () => {
    const { height } = bench.template;
    expect(await withInput({}, { locktime: height })).toBe("bad-txns-nonfinal");
    expect(await withInput({ sequence: 0xffffffff }, { locktime: height })).toBe("accepted");
    expect(await withInput({}, { locktime: height }), "the next height").toBe("accepted");
    expect(await withInput({}, { locktime: 0 })).toBe("accepted");
  });

  it("is refused with bad-txns-nonfinal where its locktime is a time from the median time past on", async () => {
    const medianTimePast = bench.template.minTime - 1;
    expect(await withInput({}, { locktime: 499_999_999 }), "a height").toBe("bad-txns-nonfinal");
    expect(await withInput({}, { locktime: medianTimePast })).toBe("bad-txns-nonfinal");
    expect(await withInput({}, { locktime: medianTimePast - 1 })).toBe("accepted");
    expect(await withInput({}, { locktime: 500_000_000 })).toBe("accepted");
  });
});

describe("the witness commitment of a submitted block", () => {
  it("is refused with bad-witness-merkle-match where it is of something else", async () => {
    const other = commitment().slice();
    other[37] = (other[37] ?? 0) ^ 1;
    expect(await withCommitments(other)).toBe("bad-witness-merkle-match");
    expect(await withCommitments(witnessCommitmentScript([]))).toBe("bad-witness-merkle-match");
    expect(await withCommitments(commitment(), other), "the last one counts").toBe("bad-witness-merkle-match");
    expect(await withCommitments(other, commitment())).toBe("accepted");
  });

  it("is refused with bad-witness-merkle-match where a transaction's witness was changed", async () => {
    const changed = ({ transactions }: BlockParts): Transaction[] =>
      transactions.map((transaction, index) =>
        index === 1
          ? { ...transaction, inputs: transaction.inputs.map((input) => ({ ...input, witness: [new Uint8Array(1)] })) }
          : transaction,
      );
    expect(await bench.submitChanged((good) => ({ transactions: changed(good) }))).toBe("bad-witness-merkle-match");
  });

  it("is refused with unexpected-witness where it is missing and there are witnesses", async () => {
    expect(await withCommitments()).toBe("unexpected-witness");
    expect(await withCommitments(commitment().subarray(0, 37)), "a byte short").toBe("unexpected-witness");
    bench = await SimulatedBench.start({ transactions: 0 });
    expect(await withCommitments(), "the reserved value alone").toBe("unexpected-witness");
  });

  it("is refused with bad-witness-nonce-size where the reserved value is not one item of 32 bytes", async () => {
    const of32 = new Uint8Array(32);
    for (const witness of [[], [new Uint8Array(31)], [new Uint8Array(33)], [of32, of32], [new Uint8Array(0)]]) {
      expect(await withInput({ witness }), `${witness.map(({ length }) => length)}`).toBe("bad-witness-nonce-size");
    }
  });

  it("is accepted over another reserved value, where it is made with that", async () => {
    const reserved = new Uint8Array(32).fill(9);
    expect(await withInput({ witness: [reserved] })).toBe("bad-witness-merkle-match");
    const wtxids = bench.template.transactions.map(({ data }) => wtxidOf(parseTransaction(data)));
    const script = concatBytes(commitment().subarray(0, 6), witnessCommitment(wtxids, reserved));
    expect(
      await bench.submitChanged((good) =>
        withCoinbase(good, ({ inputs, outputs }) => ({
          inputs: inputs.map((input) => ({ ...input, witness: [reserved] })),
          outputs: [...outputs.slice(0, 1), { value: 0n, script }],
        })),
      ),
    ).toBe("accepted");
  });
});

describe("the transactions of a submitted block", () => {
  const refusal = "bad-txns-inputs-missingorspent";

  it("are refused where the node never gave them out", async () => {
    const stranger = parseTransaction(simulatedTransaction(new SeededRandom(99)).data);
    expect(await bench.submitChanged((good) => withOthers(good, [...good.transactions.slice(1), stranger]))).toBe(
      refusal,
    );
  });

  it("are refused where one stands twice, also where the merkle root stays the same by it", async () => {
    const twice = (good: BlockParts): BlockParts => {
      const others = good.transactions.slice(1);
      return withOthers(good, [...others, ...others.slice(0, 1)]);
    };
    expect(await bench.submitChanged(twice)).toBe(refusal);
    // CVE-2012-2459: with an odd number of them the tree hashes the last one twice anyway.
    bench = await SimulatedBench.start({ transactions: 2 });
    const last = (good: BlockParts): BlockParts => ({
      ...good,
      transactions: [...good.transactions, ...good.transactions.slice(-1)],
    });
    expect(await bench.submitChanged(last)).toBe(refusal);
  });

  it("are refused where an earlier block holds them", async () => {
    const [, mined] = bench.template.transactions.map(({ data }) => parseTransaction(data));
    expect(await bench.submitChanged()).toBe("accepted");
    if (mined === undefined) throw new Error("the template has no second transaction");
    expect(await bench.submitChanged((good) => withOthers(good, [...good.transactions.slice(1), mined]))).toBe(refusal);
  });

  it("may weigh 4,000,000 units with the rest of the block; a byte more is refused with bad-blk-weight", async () => {
    bench = await SimulatedBench.start({ transactions: 0 });
    // Header and count 81 bytes; of the coinbase 36 bytes are witness and count once.
    const filled = (strippedBytes: number) => (good: BlockParts) => {
      const { inputs, outputs } = coinbaseOf(good);
      const script = inputs[0]?.script.length ?? 0;
      const payload = strippedBytes - 81 - (4 + 1 + 36 + 1 + script + 4 + 1 + 2 * 8 + 5 + 1 + 38 + 4);
      return withCoinbase(good, () => ({
        outputs: [{ value: outputs[0]?.value ?? 0n, script: new Uint8Array(payload) }, ...outputs.slice(1)],
      }));
    };
    expect(await bench.submitChanged(filled((4_000_000 - 36) / 4 + 1))).toBe("bad-blk-weight");
    expect(await bench.submitChanged(filled((4_000_000 - 36) / 4))).toBe("accepted");
  });
});
