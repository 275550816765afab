/** The frames with which a client sets up its connection and opens its one channel. SV2 §3.6.1, §5.3.2, §5.3.4. */

import { OpenExtendedMiningChannel, OpenStandardMiningChannel } from "../wire/channel-messages.ts";
import { SetupConnection } from "../wire/common-messages.ts";
import { encodeFrame } from "../wire/frame.ts";

export const PROTOCOL_VERSION = 2;
const REQUIRES_STANDARD_JOBS = 1;
/** In the pool's answer to SetupConnection. */
export const REQUIRES_FIXED_VERSION = 1;
/** There too: it opens no standard channels. */
export const REQUIRES_EXTENDED_CHANNELS = 2;
/** One channel is opened per connection, so one request id does. */
export const REQUEST_ID = 1;
/** Extended channels: enough to give every thread headers of its own, also where versions may not be rolled. */
export const MIN_EXTRANONCE_BYTES = 2;
/** A CPU takes any target. */
const EASIEST_TARGET = new Uint8Array(32).fill(0xff);

export type ClientIdentity = {
  readonly kind: "standard" | "extended";
  readonly host: string;
  readonly port: number;
  readonly vendor: string;
  readonly firmware: string;
  readonly userIdentity: Uint8Array;
  /** Hashes per second. */
  readonly nominalHashrate: number;
};

export function setupFrame({ kind, host, port, vendor, firmware }: ClientIdentity): Uint8Array {
  return encodeFrame(SetupConnection, {
    protocol: 0,
    min_version: PROTOCOL_VERSION,
    max_version: PROTOCOL_VERSION,
    flags: kind === "standard" ? REQUIRES_STANDARD_JOBS : 0,
    endpoint_host: host,
    endpoint_port: port,
    vendor,
    hardware_version: "cpu",
    firmware,
    device_id: "",
  });
}

export function openFrame({ kind, userIdentity, nominalHashrate }: ClientIdentity): Uint8Array {
  const common = {
    request_id: REQUEST_ID,
    user_identity: userIdentity,
    nominal_hash_rate: nominalHashrate,
    max_target: EASIEST_TARGET,
  };
  return kind === "standard"
    ? encodeFrame(OpenStandardMiningChannel, common)
    : encodeFrame(OpenExtendedMiningChannel, { ...common, min_extranonce_size: MIN_EXTRANONCE_BYTES });
}
