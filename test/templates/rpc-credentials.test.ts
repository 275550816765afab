import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCredentials } from "../../src/templates/rpc-credentials.ts";
import { parseRpcUrl } from "../../src/templates/rpc-endpoint.ts";

const plain = parseRpcUrl("http://127.0.0.1:8332", "main");
const withUser = parseRpcUrl("http://url-user:url-password@127.0.0.1:8332", "main");

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

describe("credentials for the node", () => {
  let folder: string;
  let cookie: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "adit-cookie-"));
    cookie = join(folder, ".cookie");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are none where nothing is configured, and the advice says what to set", () => {
    const credentials = createCredentials({}, plain);
    expect(credentials.header).toBeUndefined();
    expect(credentials.advice).toContain("rpc_cookie");
  });

  it("are user and password, before those in the URL", () => {
    expect(createCredentials({ rpcUser: "user", rpcPassword: "pass:word" }, withUser).header).toBe(
      basic("user:pass:word"),
    );
    expect(createCredentials({ rpcUser: "", rpcPassword: "" }, withUser).header).toBe(basic("url-user:url-password"));
  });

  it("are a user without a password, or a password without a user, where only that is configured", () => {
    expect(createCredentials({ rpcUser: "user" }, withUser).header).toBe(basic("user:"));
    expect(createCredentials({ rpcPassword: "word" }, withUser).header).toBe(basic(":word"));
  });

  it("are the cookie before all others, read anew at each reload", async () => {
    const credentials = createCredentials({ rpcCookie: cookie, rpcUser: "user", rpcPassword: "word" }, withUser);
    expect(credentials.header).toBeUndefined();
    await writeFile(cookie, "__cookie__:0123\n");
    await credentials.reload();
    expect(credentials.header).toBe(basic("__cookie__:0123"));
    await writeFile(cookie, "__cookie__:4567");
    await credentials.reload();
    expect(credentials.header).toBe(basic("__cookie__:4567"));
  });

  it("say that the cookie file does not exist", async () => {
    await expect(createCredentials({ rpcCookie: cookie }, plain).reload()).rejects.toMatchObject({
      code: "rpc-cookie-unreadable",
      message: expect.stringContaining(`${cookie} does not exist`),
    });
  });

  it("say why the cookie file cannot be read", async () => {
    await expect(createCredentials({ rpcCookie: folder }, plain).reload()).rejects.toThrow("EISDIR");
  });

  it.each(["", "no-colon", "two words:x", ":x"])("refuse %j as a cookie, without showing it", async (text) => {
    await writeFile(cookie, text);
    await expect(createCredentials({ rpcCookie: cookie }, plain).reload()).rejects.toMatchObject({
      code: "rpc-cookie-unreadable",
      message: `the file ${cookie} is not a node's cookie (user:password)`,
    });
  });

  it("take a cookie of 1,024 bytes, and none of 1,025", async () => {
    const credentials = createCredentials({ rpcCookie: cookie }, plain);
    await writeFile(cookie, `u:${"x".repeat(1_022)}`);
    await credentials.reload();
    expect(credentials.header).toBe(basic(`u:${"x".repeat(1_022)}`));
    await writeFile(cookie, `u:${"x".repeat(1_023)}`);
    await expect(credentials.reload()).rejects.toMatchObject({ code: "rpc-cookie-unreadable" });
  });
});
