import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeCoinbase } from "../../src/bitcoin/coinbase.ts";
import { bitsToTarget, targetToBytes } from "../../src/bitcoin/target.ts";
import { readTransaction } from "../../src/bitcoin/transaction.ts";
import { VERSION_ROLLING_MASK } from "../../src/bitcoin/version-rolling.ts";
import { ByteReader } from "../../src/core/byte-reader.ts";
import { toHex } from "../../src/core/bytes.ts";
import {
  buildJobTemplate,
  extendedJobOf,
  type JobTemplate,
  type JobTemplateOptions,
} from "../../src/mining/job-template.ts";
import { EXTRANONCE_PREFIX_BYTES, MAX_ROLLABLE_BYTES } from "../../src/mining/pool-options.ts";
import { type WorkKind, workKind } from "../../src/mining/work-kind.ts";
import { HARD_BITS, template } from "../session/session-fixture.ts";

function kind(extranonceBytes: number): WorkKind {
  return workKind(extranonceBytes, { key: "pool", script: new Uint8Array([0x51]), cuts: [] });
}

function build(options: Partial<JobTemplateOptions>): JobTemplate {
  return buildJobTemplate({
    template: template(),
    tipEpoch: 1,
    tip: 1,
    minNtime: 1,
    kind: kind(16),
    poolTag: "/pool/",
    ...options,
  });
}

/** scriptSig and whole coinbase, with an extranonce of 0xee. */
function coinbaseOf(job: JobTemplate): {
  readonly scriptSig: Uint8Array;
  readonly coinbase: ReturnType<typeof readTransaction>;
} {
  const bytes = completeCoinbase({
    prefix: job.coinbasePrefix,
    extranonce: new Uint8Array(job.kind.extranonceBytes).fill(0xee),
    suffix: job.coinbaseSuffix,
    witness: job.template.witnessCommitment !== undefined,
  });
  const coinbase = readTransaction(new ByteReader(bytes));
  return { scriptSig: coinbase.inputs[0]?.script ?? new Uint8Array(0), coinbase };
}

describe("a job's version", () => {
  it("has the bits clear that miners roll, and all others as the node sent them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (version) => {
        const job = build({ template: template({ version }) });
        expect(job.version & VERSION_ROLLING_MASK).toBe(0);
        expect((job.version ^ version) & ~VERSION_ROLLING_MASK).toBe(0);
      }),
    );
  });
});

describe("a job's coinbase", () => {
  const tag = "a".repeat(40);

  it("keeps its scriptSig within 100 bytes with the longest tag, the largest height and the largest extranonce", () => {
    const extranonceBytes = EXTRANONCE_PREFIX_BYTES + MAX_ROLLABLE_BYTES;
    const job = build({ poolTag: tag, kind: kind(extranonceBytes), template: template({ height: 499_999_999 }) });
    const { scriptSig } = coinbaseOf(job);
    expect(scriptSig.length).toBeLessThanOrEqual(100);
    expect(toHex(scriptSig)).toBe(`04ff64cd1d28${"61".repeat(40)}18${"ee".repeat(24)}`);
  });

  it.each([
    [58, 100],
    [59, undefined],
  ])("with a tag of %d bytes and 37 of extranonce has a scriptSig of %s bytes", (tagBytes, scriptBytes) => {
    // The height takes 3 bytes, tag and extranonce one more than they have.
    const make = (): JobTemplate =>
      build({ poolTag: "a".repeat(tagBytes), kind: kind(37), template: template({ height: 1_000 }) });
    if (scriptBytes === undefined) expect(make).toThrow(/101 bytes/);
    else expect(coinbaseOf(make()).scriptSig).toHaveLength(scriptBytes);
  });

  it("begins with the height, at a height of one byte too", () => {
    expect(toHex(coinbaseOf(build({ template: template({ height: 16 }), kind: kind(1) })).scriptSig)).toBe(
      `6000${"06"}2f706f6f6c2f01ee`,
    );
    expect(toHex(coinbaseOf(build({ template: template({ height: 17 }), kind: kind(1) })).scriptSig)).toBe(
      `0111${"06"}2f706f6f6c2f01ee`,
    );
  });

  it("pays all to the payout script, commits to the witnesses, and is locked as BIP54 wants it", () => {
    const witnessCommitment = new Uint8Array(38).fill(0x6a);
    const { coinbase } = coinbaseOf(build({ template: template({ witnessCommitment, height: 900_001 }) }));
    expect(coinbase.outputs).toEqual([
      { value: 312_500_000n, script: new Uint8Array([0x51]) },
      { value: 0n, script: witnessCommitment },
    ]);
    expect(coinbase.locktime).toBe(900_000);
    expect(coinbase.inputs[0]?.sequence).toBe(0xfffffffe);
  });

  it("goes to miners without BIP141 fields", () => {
    const job = build({ template: template({ witnessCommitment: new Uint8Array(38).fill(0x6a) }) });
    // Version 2, then one input: no marker and flag.
    expect(toHex(job.coinbasePrefix.subarray(0, 5))).toBe("0200000001");
    // The last output's script is followed by the locktime: no witness.
    expect(toHex(job.coinbaseSuffix.slice(-6))).toBe("6a6aa0bb0d00");
  });
});

describe("a job in the validator", () => {
  it("is what miners are sent, with the network's target", () => {
    const job = build({
      template: template({ bits: HARD_BITS, version: 0x3fffe004, merklePath: [new Uint8Array(32).fill(4)] }),
    });
    expect(job.networkTarget).toEqual(targetToBytes(bitsToTarget(HARD_BITS)));
    expect(extendedJobOf(job)).toEqual({
      kind: "extended",
      prevHash: job.template.prevHash,
      version: 0x20000004,
      bits: HARD_BITS,
      networkTarget: job.networkTarget,
      coinbasePrefix: job.coinbasePrefix,
      coinbaseSuffix: job.coinbaseSuffix,
      merklePath: job.template.merklePath,
    });
  });
});
