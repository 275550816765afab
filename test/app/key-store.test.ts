import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { toHex } from "../../src/core/bytes.ts";
import { xOnlyPublicKey } from "../../src/noise/ellswift.ts";

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

  it("stand alone in their folder, which holds nothing unfinished", () => {
    const { authorityKeyFile } = loadOrCreateKeys(folder());
    expect(readdirSync(join(authorityKeyFile, "..")).sort()).toEqual(["authority.key", "static.key"]);
  });

  it("cannot be made where no folder can be, which is said at once", () => {
    expect(() => loadOrCreateKeys("/proc/adit")).toThrow(/data_dir "\/proc\/adit" cannot be used \(\w+\)/);
  });

  it("cannot be made where a file stands in the folder's place", () => {
    const dataDir = join(folder(), "file");
    writeFileSync(dataDir, "");
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/data_dir ".*" cannot be used \((ENOTDIR|EEXIST)\)/);
  });

  it("cannot be read where a folder stands in a key's place", () => {
    const dataDir = folder();
    mkdirSync(join(dataDir, "keys", "static.key"), { recursive: true, mode: 0o700 });
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/static\.key cannot be read \(EISDIR\)/);
  });
});
