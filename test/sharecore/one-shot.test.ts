/** The functions for programs that want one hash or one verdict. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { createValidator, hashHeader, merkleRootFromPath, sha256d, validateShare } from "../../src/sharecore/index.ts";
import * as plain from "../../src/sharecore/js-hash.ts";
import { judge } from "../../src/sharecore/js-verdict.ts";
import { arbitraryJob, arbitraryShare } from "./arbitrary-shares.ts";
import { GENESIS, minedFields, standardJob } from "./real-blocks.ts";
import { bytesOf, EASIEST, HARDEST, NO_BYTES, sampleExtendedJob } from "./share-samples.ts";

describe("sha256d", () => {
  it("hashes the empty text", () => {
    // SHA-256 of NIST's digest of the empty message.
    expect(toHex(sha256d(NO_BYTES))).toBe("5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456");
  });

  it.each([1, 55, 56, 63, 64, 65, 80, 119, 120, 65_535, 65_536, 65_537])("hashes %i bytes like plain JS", (length) => {
    const bytes = bytesOf(length, length);
    expect(toHex(sha256d(bytes))).toBe(toHex(plain.sha256d(bytes)));
  });
});

describe("hashHeader", () => {
  it.each([0, 79, 81])("takes no %i bytes", (length) => {
    expect(() => hashHeader(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe("merkleRootFromPath", () => {
  const pathOf = (levels: number): Uint8Array[] => Array.from({ length: levels }, (_, level) => bytesOf(level, 32));

  it.each([0, 1, 12, 32])("climbs %i levels like plain JS", (levels) => {
    const txid = bytesOf(99, 32);
    expect(merkleRootFromPath(txid, pathOf(levels))).toEqual(plain.merkleRootFromPath(txid, pathOf(levels)));
    expect(txid).toEqual(bytesOf(99, 32));
  });

  it("takes no path of 33 levels and no hash of another size", () => {
    const txid = bytesOf(99, 32);
    expect(() => merkleRootFromPath(txid, pathOf(33))).toThrow(RangeError);
    expect(() => merkleRootFromPath(txid, [bytesOf(1, 31)])).toThrow(RangeError);
    expect(() => merkleRootFromPath(bytesOf(1, 33), [])).toThrow(RangeError);
  });
});

describe("validateShare", () => {
  it("sees the proof of work of block 0", () => {
    const share = { ...minedFields(GENESIS), target: HARDEST };
    const { hash, ...targets } = validateShare(standardJob(GENESIS), share);
    expect(targets).toEqual({ meetsShareTarget: false, meetsNetworkTarget: true });
    expect(toHex(hash.slice().reverse())).toBe(GENESIS.hash);
  });

  it("agrees with the reference on any share", () => {
    const handle = { slot: 0, generation: 1 };
    fc.assert(
      fc.property(arbitraryJob, arbitraryShare, (job, draw) => {
        const share = draw([handle], new Map([[handle, job]]));
        const { flags, hash } = judge(job, share);
        const verdict = validateShare(job, share);
        expect(verdict).toEqual({ meetsShareTarget: (flags & 1) !== 0, meetsNetworkTarget: (flags & 2) !== 0, hash });
      }),
      { numRuns: 50 },
    );
  });

  it("names what is wrong, and works afterwards", () => {
    const mined = { ...minedFields(GENESIS), target: EASIEST };
    const job = standardJob(GENESIS);
    const coded = (code: string) => expect.objectContaining({ code });
    expect(() => validateShare(job, { ...mined, extranonce: bytesOf(1, 4) })).toThrow(coded("share-invalid"));
    expect(() => validateShare(job, { ...mined, target: NO_BYTES })).toThrow(coded("share-invalid"));
    expect(() => validateShare({ ...job, prevHash: NO_BYTES }, mined)).toThrow(coded("job-invalid"));
    expect(validateShare(sampleExtendedJob(1), mined).meetsShareTarget).toBe(true);
    expect(validateShare(job, mined).meetsShareTarget).toBe(true);
  });
});

/** What a program in plain JS may hand in. */
const NOT_BYTES: unknown[] = [undefined, "00".repeat(16), Array(32).fill(0), new ArrayBuffer(32)];

describe("what is no Uint8Array", () => {
  const mined = { ...minedFields(GENESIS), target: EASIEST };

  it.each(NOT_BYTES)("is refused with the field's name: %o", (value) => {
    const bytes = value as Uint8Array;
    const job = { ...standardJob(GENESIS) };
    for (const field of ["prevHash", "networkTarget", "merkleRoot"]) {
      expect(() => validateShare({ ...job, [field]: bytes }, mined)).toThrow(`the job's ${field} is no Uint8Array`);
    }
    for (const field of ["coinbasePrefix", "coinbaseSuffix"]) {
      const extended = { ...sampleExtendedJob(1), [field]: bytes };
      expect(() => validateShare(extended, mined)).toThrow(`the job's ${field} is no Uint8Array`);
    }
    const onPath = { ...sampleExtendedJob(1), merklePath: [bytes] };
    expect(() => validateShare(onPath, mined)).toThrow("the job's merklePath entry is no Uint8Array");
    expect(() => validateShare(job, { ...mined, target: bytes })).toThrow("the share's target is no Uint8Array");
  });

  it("is said of a path that is no array, and of a kind that there is not", () => {
    const path = { ...sampleExtendedJob(1), merklePath: undefined as never };
    expect(() => validateShare(path, mined)).toThrow("the job's merklePath is no array");
    const kind = { ...standardJob(GENESIS), kind: "other" as "standard" };
    expect(() => validateShare(kind, mined)).toThrow("the job's kind is neither standard nor extended");
  });
});

describe("createValidator", () => {
  it("has four backends and no other", () => {
    const open = () => createValidator({ backend: "gpu" as "js" });
    expect(open).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
