import { describe, expect, it } from "vitest";
import { RpcError } from "../../src/templates/errors.ts";
import { submitFailureOf, submitResultOf } from "../../src/templates/rpc-submit.ts";

describe("the node's word on a block", () => {
  it.each([
    [null, { kind: "accepted" }],
    ["duplicate", { kind: "accepted" }],
    ["rejected: duplicate", { kind: "accepted" }],
    ["inconclusive", { kind: "inconclusive" }],
    ["duplicate-inconclusive", { kind: "inconclusive" }],
    ["duplicate-invalid", { kind: "refused", reason: "duplicate-invalid" }],
    ["high-hash", { kind: "refused", reason: "high-hash" }],
    ["rejected: high-hash", { kind: "refused", reason: "high-hash" }],
    ["bad-prevblk", { kind: "refused", reason: "bad-prevblk" }],
    ["bad\nword", { kind: "refused", reason: "bad word" }],
    ["prev-blk-not-found", { kind: "failed", reason: "prev-blk-not-found" }],
    ["rejected: bad-prevblk", { kind: "failed", reason: "bad-prevblk" }],
    ["time-too-new", { kind: "failed", reason: "time-too-new" }],
    ["rejected: time-too-new", { kind: "failed", reason: "time-too-new" }],
  ] as const)("%j means %j", (word, result) => {
    expect(submitResultOf(word)).toEqual(result);
  });

  it.each([true, 1, {}, undefined])("%j is no word: nobody knows", (result) => {
    expect(submitResultOf(result)).toMatchObject({ kind: "failed" });
  });
});

describe("a submission without an answer", () => {
  it("is refused for good where the node cannot decode the block", () => {
    const error = new RpcError("rpc-error", "a sentence", { rpcCode: -22, nodeWords: "Block decode failed" });
    expect(submitFailureOf(error)).toEqual({ kind: "refused", reason: "Block decode failed" });
  });

  it.each([-28, -25, -9, -1])("is to be tried again after error %i", (rpcCode) => {
    const error = new RpcError("rpc-error", "a sentence", { rpcCode, nodeWords: "words" });
    expect(submitFailureOf(error)).toEqual({ kind: "failed", reason: "a sentence" });
  });

  it("is to be tried again after anything else", () => {
    expect(submitFailureOf(new RpcError("rpc-timeout", "late"))).toEqual({ kind: "failed", reason: "late" });
    expect(submitFailureOf("text")).toEqual({ kind: "failed", reason: "text" });
  });
});
