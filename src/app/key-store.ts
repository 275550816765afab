/**
 * The pool's two secret keys on disk: the authority key, whose public half is in every miner's URL, and the static key of
 * the Noise handshake. Made once, kept over restarts, readable by their owner alone.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fromHex, toHex } from "../core/bytes.ts";
import { syncPath } from "../core/sync-path.ts";
import { generateKeyPair, xOnlyPublicKey } from "../noise/ellswift.ts";
import { UsageError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";

export type PoolKeys = {
  /** 32 bytes. */
  readonly authoritySecretKey: Uint8Array;
  /** 32 bytes, the x coordinate. */
  readonly authorityPublicKey: Uint8Array;
  /** 32 bytes. */
  readonly staticSecretKey: Uint8Array;
  readonly authorityKeyFile: string;
  readonly staticKeyFile: string;
  /** They were made just now: there was no pool on this folder before. */
  readonly areNew: boolean;
};

const OWNER_ONLY_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Reads the keys, and makes what is absent.
 * @throws {UsageError} where the folder or a file cannot be used, or others can read a key.
 */
export function loadOrCreateKeys(dataDir: string): PoolKeys {
  const folder = join(dataDir, "keys");
  try {
    makeFolder(dataDir);
    makeFolder(folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "failed";
    throw new UsageError(
      "data-folder",
      `data_dir "${dataDir}" cannot be used (${code}): a folder that can be written is needed`,
      cause,
    );
  }
  const authorityKeyFile = join(folder, "authority.key");
  const staticKeyFile = join(folder, "static.key");
  const areNew = !existsSync(authorityKeyFile);
  const authoritySecretKey = loadOrCreateKey(authorityKeyFile);
  return {
    authoritySecretKey,
    authorityPublicKey: xOnlyPublicKey(authoritySecretKey),
    staticSecretKey: loadOrCreateKey(staticKeyFile),
    authorityKeyFile,
    staticKeyFile,
    areNew,
  };
}

function loadOrCreateKey(path: string): Uint8Array {
  try {
    return readKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  try {
    writeKey(path, generateKeyPair().secretKey);
  } catch (cause) {
    // Another process of the pool was faster: its key counts.
    const { code = "failed" } = cause as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      throw new UsageError(
        "key-file",
        `the key file ${path} cannot be written (${code}): check the folder's owner and its disk`,
        cause,
      );
    }
  }
  return readKey(path);
}

function readKey(path: string): Uint8Array {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) {
      throw new UsageError("key-file", `the key file ${path} can be read by others: run chmod 600 ${path}`);
    }
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof UsageError || code === "ENOENT") throw cause;
    throw new UsageError(
      "key-file",
      `the key file ${path} cannot be read (${code ?? "failed"}): check its owner`,
      cause,
    );
  }
  try {
    const key = fromHex(text);
    xOnlyPublicKey(key);
    return key;
  } catch {
    // The cause is left out: it could quote the key.
    throw new UsageError(
      "key-file",
      `the key file ${path} holds no key: 64 hexadecimal digits are needed; restore it from a backup`,
    );
  }
}

/**
 * Makes the key's file whole or not at all: no other process, and none after a crash, finds half of it.
 * @throws {Error} `EEXIST` where there is one already.
 */
function writeKey(path: string, key: Uint8Array): void {
  const unfinished = `${path}.${randomBytes(8).toString("hex")}`;
  const file = openSync(unfinished, "wx", OWNER_ONLY_FILE);
  try {
    try {
      writeSync(file, `${toHex(key)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(unfinished, path);
  } finally {
    unlinkSync(unfinished);
  }
  // So that the key is still there after a power failure, when miners have its URL.
  syncPath(dirname(path));
}
