import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/core/bytes.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { detectTransport } from "../../src/wire/detect.ts";
import { encodeFrame } from "../../src/wire/frame.ts";

describe("the first six bytes", () => {
  it.each([
    // The shortest and the longest SetupConnection there is, and one byte beyond each.
    ["000000100000", "plaintext", "setup-connection"],
    ["0000000b0500", "plaintext", "setup-connection"],
    ["0000000f0000", "noise", "length"],
    ["0000000c0500", "noise", "length"],
    ["000000100001", "noise", "length"],
    ["000000000000", "noise", "length"],
    // The channel_msg bit does not matter.
    ["008000100000", "plaintext", "setup-connection"],
    ["000001100000", "noise", "message-type"],
    ["010000100000", "noise", "extension-type"],
    ["00c000100000", "noise", "extension-type"],
    ["004000100000", "noise", "extension-type"],
    ["ffffff100000", "noise", "extension-type"],
  ])("%s mean %s", (hex, transport, cause) => {
    expect(detectTransport(fromHex(hex))).toEqual({ transport, cause });
  });

  it("of any SetupConnection mean plaintext", () => {
    const text = fc.string({ unit: "binary-ascii", maxLength: 255 });
    fc.assert(
      fc.property(text, text, text, (endpoint_host, vendor, device_id) => {
        const frame = encodeFrame(SetupConnection, {
          protocol: 0,
          min_version: 2,
          max_version: 2,
          flags: 0,
          endpoint_host,
          endpoint_port: 1,
          vendor,
          hardware_version: vendor,
          firmware: vendor,
          device_id,
        });
        expect(detectTransport(frame.subarray(0, 6)).transport).toBe("plaintext");
      }),
    );
  });
});
