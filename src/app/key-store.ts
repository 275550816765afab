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
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fromHex, toHex } from "../core/bytes.ts";
import { generateKeyPair, xOnlyPublicKey } from "../noise/ellswift.ts";
import { UsageError } from "./errors.ts";

export type PoolKeys = {
  /** 32 bytes. */
  readonly authoritySecretKey: Uint8Array;
  /** 32 bytes, the x coordinate. */
  readonly authorityPublicKey: Uint8Array;
  /** 32 bytes. */
  readonly staticSecretKey: Uint8Array;
  readonly authorityKeyFile: string;
  readonly staticKeyFile: string;
};

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Reads the keys, and makes what is absent.
 * @throws {UsageError} where the folder or a file cannot be used, or others can read a key.
 */
export function loadOrCreateKeys(dataDir: string): PoolKeys {
  const folder = join(dataDir, "keys");
  try {
    makeFolder(resolve(folder));
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
  const authoritySecretKey = loadOrCreateKey(authorityKeyFile);
  return {
    authoritySecretKey,
    authorityPublicKey: xOnlyPublicKey(authoritySecretKey),
    staticSecretKey: loadOrCreateKey(staticKeyFile),
    authorityKeyFile,
    staticKeyFile,
  };
}

/** Not by `recursive`: below a folder that takes no others, such as /proc, that never comes back. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || existsSync(parent)) throw error;
    makeFolder(parent);
    makeFolder(path);
  }
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
        `the key file ${path} cannot be written (${code}): check the folder's owner`,
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

/** The file appears with its whole content or not at all; one that is there already stays as it is (`EEXIST`). */
function writeKey(path: string, key: Uint8Array): void {
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const file = openSync(unfinished, "wx", OWNER_ONLY_FILE);
    try {
      writeSync(file, `${toHex(key)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  syncFolder(dirname(path));
}

/** Without it the new name could be lost with the power. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
