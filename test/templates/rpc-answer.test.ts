import { describe, expect, it } from "vitest";
import { RpcError } from "../../src/templates/errors.ts";
import { printable, resultOf } from "../../src/templates/rpc-answer.ts";

const context = {
  label: "http://127.0.0.1:8332",
  method: "getblocktemplate",
  requestId: 7,
  credentialAdvice: "check rpc_user and rpc_password",
};

function read(status: number, body: unknown): unknown {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return resultOf({ status, body: Buffer.from(text) }, context);
}

function fault(status: number, body: unknown): RpcError {
  try {
    read(status, body);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("an answer", () => {
  it.each([
    ["version 1 (Bitcoin Core up to 27, bcoin)", { result: "ab", error: null, id: 7 }],
    ["version 2 (Bitcoin Core from 28)", { jsonrpc: "2.0", result: "ab", id: 7 }],
  ])("in the envelope of %s gives its result", (_, body) => {
    expect(read(200, body)).toBe("ab");
  });

  it("may have null as its result", () => {
    expect(read(200, { result: null, error: null, id: 7 })).toBeNull();
  });

  it.each([
    [-28, "is warming up"],
    [-9, "has no peers"],
    [-10, "still downloading the chain"],
    [-8, "wrong rules"],
    [-22, "cannot decode"],
    [-32601, "does not know getblocktemplate"],
    [-1, "answers getblocktemplate with an error"],
  ])("with error %i says: %s, and the node's words", (code, meaning) => {
    for (const status of [200, 404, 500]) {
      const error = fault(status, { result: null, error: { code, message: "its\nwords" }, id: 7 });
      expect(error).toMatchObject({ code: "rpc-error", rpcCode: code, nodeWords: "its words" });
      expect(error.message).toContain(meaning);
      expect(error.message).toContain(`(${code}: its words)`);
      expect(error.message).toContain("http://127.0.0.1:8332");
    }
  });

  it("with an error that has neither number nor words is an error", () => {
    expect(fault(200, { error: {}, id: 7 })).toMatchObject({ code: "rpc-error", rpcCode: 0, nodeWords: "" });
  });

  it("401 says what to check", () => {
    const error = fault(401, "");
    expect(error.code).toBe("rpc-unauthorized");
    expect(error.message).toContain("check rpc_user and rpc_password");
  });

  it("403 names the node's options", () => {
    expect(fault(403, "").message).toContain("rpcwhitelist");
  });

  it.each([503, 500, 404, 302, 204])("of HTTP %i without an error in JSON shows its text", (status) => {
    const error = fault(status, "Work queue depth exceeded");
    expect(error.code).toBe("rpc-http-status");
    expect(error.message).toContain(`HTTP ${status} (Work queue depth exceeded)`);
  });

  it.each([
    ["<html>", "is not JSON"],
    ["", "is not JSON"],
    ["3", "is not JSON"],
    [{ result: 1, error: null, id: 8 }, "belongs to another request"],
    [{ error: null, id: 7 }, "neither a result nor an error"],
    [{ result: 1, error: "words", id: 7 }, "neither a result nor an error"],
  ])("%j is refused: it %s", (body, why) => {
    const error = fault(200, body);
    expect(error.code).toBe("rpc-answer-invalid");
    expect(error.message).toContain(why);
  });
});

describe("words of a node", () => {
  it("become one printable line", () => {
    expect(printable(" a\r\n\t\u001b[31mb\u202ec\u2028d ")).toBe("a \\u{1b}[31mb\\u{202e}c d");
  });

  it("are kept up to 200 characters, and cut above", () => {
    expect(printable("x".repeat(200))).toBe("x".repeat(200));
    expect(printable("x".repeat(201))).toBe(`${"x".repeat(200)}…`);
  });
});
