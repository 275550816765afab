/**
 * A block as a file of the spool: one line of JSON that says what it is, then the raw block. Named by height and hash, so
 * that an operator can submit it by hand.
 */

import { sha256d } from "../bitcoin/hash.ts";
import { HEADER_BYTES } from "../bitcoin/header.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { SpooledBlock } from "./spool.ts";

/** Of the file's format. Files of other versions are left to the program that wrote them. */
const VERSION = 1;
const LINE_END = 0x0a;
/** A line has some 300 bytes; identities have 255 at most, each six as JSON. */
const MAX_LINE_BYTES = 8_192;

export const FILE_NAME: RegExp = /^\d+-[0-9a-f]{64}\.block$/;

/** `900001-000…9f.block`. */
export function fileNameOf({ height, hash }: Pick<SpooledBlock, "height" | "hash">): string {
  return `${height}-${toHex(reversed(hash))}.block`;
}

export function encodeSpoolFile({ hash, block, ...facts }: SpooledBlock): Uint8Array {
  const { height, userIdentity, channel, foundAtMs } = facts;
  const line = JSON.stringify({
    version: VERSION,
    hash: toHex(reversed(hash)),
    height,
    userIdentity,
    channel,
    foundAtMs,
    sizeBytes: block.length,
  });
  return Buffer.concat([Buffer.from(`${line}\n`), block]);
}

/** What the bytes of a file are. `other-version`: no more of it is known. `reason`: what is wrong with it. */
export type SpoolFile =
  | { readonly kind: "block"; readonly block: SpooledBlock }
  | { readonly kind: "other-version"; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };

export function decodeSpoolFile(bytes: Uint8Array): SpoolFile {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf(LINE_END);
  if (end < 0) return damaged("its first line is cut");
  const facts = factsIn(Buffer.from(bytes.subarray(0, end)).toString("utf8"));
  if (facts === undefined) return damaged("its first line is no JSON");
  const { version, height, userIdentity, channel, foundAtMs, sizeBytes } = facts;
  if (isCount(version) && version !== VERSION) return { kind: "other-version", version };
  if (version !== VERSION) return damaged("its first line lacks a version");
  if (!isCount(height) || !isCount(foundAtMs) || typeof userIdentity !== "string" || typeof channel !== "string") {
    return damaged("its first line lacks a fact");
  }
  const block = new Uint8Array(bytes.subarray(end + 1));
  if (block.length !== sizeBytes) return damaged(`it has ${block.length} bytes of a block of ${sizeBytes}`);
  const hash = sha256d(block.subarray(0, HEADER_BYTES));
  if (toHex(reversed(hash)) !== facts.hash) return damaged("the block has another hash");
  return { kind: "block", block: { hash, height, userIdentity, channel, foundAtMs, block } };
}

function damaged(reason: string): SpoolFile {
  return { kind: "damaged", reason };
}

/** Undefined where it is no JSON object. */
function factsIn(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const facts: unknown = JSON.parse(line);
    return typeof facts === "object" && facts !== null ? (facts as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
