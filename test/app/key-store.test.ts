import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { toHex } from "../../src/core/bytes.ts";
import { xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { adit, endRuns } from "./adit-process.ts";

afterEach(endRuns);

function folder(): string {
  return mkdtempSync(join(tmpdir(), "adit-keys-"));
}

describe("the pool's keys", () => {
  it("are made once and stay the same", () => {
    const dataDir = join(folder(), "deeper");
    const made = loadOrCreateKeys(dataDir);
    const again = loadOrCreateKeys(dataDir);
    expect(toHex(again.authoritySecretKey)).toBe(toHex(made.authoritySecretKey));
    expect(toHex(again.staticSecretKey)).toBe(toHex(made.staticSecretKey));
    expect(toHex(made.authoritySecretKey)).not.toBe(toHex(made.staticSecretKey));
    expect(toHex(made.authorityPublicKey)).toBe(toHex(xOnlyPublicKey(made.authoritySecretKey)));
  });

  it("are files that their owner alone can read", () => {
    const keys = loadOrCreateKeys(folder());
    for (const file of [keys.authorityKeyFile, keys.staticKeyFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(keys.authorityKeyFile, "..")).mode & 0o777).toBe(0o700);
  });

  it("lie in their folder alone: nothing is left of how they were made", () => {
    const { authorityKeyFile } = loadOrCreateKeys(folder());
    expect(readdirSync(dirname(authorityKeyFile)).sort()).toEqual(["authority.key", "static.key"]);
  });

  it("are those of the process that was first, whole, when several make them at once", async () => {
    const dataDir = folder();
    const runs = Array.from({ length: 6 }, () => adit(["keys", "--json", "--data-dir", dataDir]));
    await Promise.all(runs.map(({ ended }) => ended));
    expect(runs.map(({ stderr }) => stderr).join("")).toBe("");
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it.each([0o640, 0o604, 0o644, 0o660])("are refused with mode %o, since others can read them", (mode) => {
    const dataDir = folder();
    const { staticKeyFile } = loadOrCreateKeys(dataDir);
    chmodSync(staticKeyFile, mode);
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/static\.key can be read by others: run chmod 600/);
  });

  it.each(["", "00", "zz".repeat(32), "00".repeat(32), "ff".repeat(32), "11".repeat(33)])(
    "are refused where the file holds %j, which is not quoted",
    (text) => {
      const dataDir = folder();
      const { authorityKeyFile } = loadOrCreateKeys(dataDir);
      writeFileSync(authorityKeyFile, text);
      expect(() => loadOrCreateKeys(dataDir)).toThrow(/authority\.key holds no key: 64 hexadecimal digits are needed/);
      expect(readFileSync(authorityKeyFile, "utf8")).toBe(text);
    },
  );

  it("cannot be made where a file stands in the folder's place", () => {
    const dataDir = join(folder(), "file");
    writeFileSync(dataDir, "");
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/data_dir ".*" cannot be used \((ENOTDIR|EEXIST)\)/);
    const other = folder();
    writeFileSync(join(other, "keys"), "");
    expect(() => loadOrCreateKeys(other)).toThrow(/data_dir ".*" cannot be used \(EEXIST\)/);
  });

  it("cannot be made in a folder that takes none, and says so at once", () => {
    expect(() => loadOrCreateKeys("/proc/adit")).toThrow(/data_dir "\/proc\/adit" cannot be used \(E[A-Z]+\)/);
  });

  it("can be made in a folder that is a link to one", () => {
    const [place, link] = [folder(), join(folder(), "link")];
    symlinkSync(place, link);
    const { authorityPublicKey } = loadOrCreateKeys(link);
    expect(toHex(loadOrCreateKeys(place).authorityPublicKey)).toBe(toHex(authorityPublicKey));
  });

  it("cannot be read where a folder stands in a key's place", () => {
    const dataDir = folder();
    mkdirSync(join(dataDir, "keys", "static.key"), { recursive: true, mode: 0o700 });
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/static\.key cannot be read \(EISDIR\)/);
  });
});
