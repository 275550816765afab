import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { findTlv, type TlvSearch } from "../../src/wire/tlv.ts";
import { MAX_WORKER_NAME_BYTES, WorkerField } from "../../src/wire/worker-field.ts";
import { tlv, workerTlv } from "../support/tlv.ts";

/** The value of the first field of that type, or undefined. */
function valueIn(bytes: Uint8Array, extensionType = 2, fieldType = 1, from = 0): Uint8Array | undefined {
  const search: TlvSearch = { extensionType, fieldType, start: 0, length: 0 };
  if (!findTlv(bytes, from, search)) return undefined;
  return bytes.slice(search.start, search.start + search.length);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const ORDERS = ["little-endian", "big-endian"] as const;
const WORKER = text("Worker_001");

describe("a TLV", () => {
  it("is read as the specification's example bytes have it, which are big-endian", () => {
    expect(valueIn(fromHex("000201000a576f726b65725f303031"))).toEqual(WORKER);
  });

  it("is read as the reference implementation writes it, little-endian", () => {
    expect(valueIn(fromHex("0200010a00576f726b65725f303031"))).toEqual(WORKER);
  });

  it("has its type and its length in one byte order", () => {
    expect(valueIn(fromHex("020001000a576f726b65725f303031")), "extension 0x0200").toBeUndefined();
    expect(valueIn(fromHex("0002010a00576f726b65725f303031")), "extension 0x0200").toBeUndefined();
    expect(valueIn(fromHex("000201000a576f726b65725f303031"), 0x0200)).toBeUndefined();
    expect(valueIn(fromHex("0002010a00576f726b65725f303031"), 0x0200)).toEqual(WORKER);
  });

  it.each(["0200010000", "0002010000"])("may be empty, in whichever byte order: %s", (hex) => {
    expect(valueIn(fromHex(hex))).toEqual(new Uint8Array(0));
  });

  it.each(ORDERS)("is found among unknown ones before and after it, %s", (order) => {
    const others = [
      tlv({ extensionType: 1, fieldType: 1 }, text("one"), order),
      tlv({ extensionType: 2, fieldType: 0 }, text("other field"), order),
      tlv({ extensionType: 2, fieldType: 9 }, new Uint8Array(0), order),
    ];
    const after = tlv({ extensionType: 0x7abc, fieldType: 1 }, new Uint8Array(60), order);
    expect(valueIn(concatBytes(...others, workerTlv("rig", order), after))).toEqual(text("rig"));
    expect(valueIn(concatBytes(...others, after))).toBeUndefined();
  });

  it("that comes twice counts as it came first", () => {
    expect(valueIn(concatBytes(workerTlv("one"), workerTlv("two")))).toEqual(text("one"));
  });

  it("is looked for from where the fields end, and not before", () => {
    const bytes = concatBytes(workerTlv("one"), workerTlv("two"));
    expect(valueIn(bytes, 2, 1, 8)).toEqual(text("two"));
    expect(valueIn(bytes, 2, 1, 16)).toBeUndefined();
  });

  it("may take all of 255 bytes, in both byte orders", () => {
    const value = new Uint8Array(250).fill(7);
    for (const order of ORDERS) expect(valueIn(workerTlv(value, order))).toEqual(value);
  });

  it.each([
    ["a header that is cut", "02000104"],
    ["a length past the end", "0200010b00576f726b65725f303031"],
    ["a length past the end, big-endian", "000201000b576f726b65725f303031"],
    ["a length that no field can have", "020001ffff576f726b65725f303031"],
    ["one behind a length that no field can have", "0100010501ee0200010300726967"],
    ["a cut one before it", "0100010b00576f726b0200010100"],
    ["a single byte", "02"],
    ["nothing", ""],
  ])("is not found in %s", (_what, hex) => {
    expect(valueIn(fromHex(hex))).toBeUndefined();
  });

  it("before bytes that are none counts all the same", () => {
    expect(valueIn(concatBytes(workerTlv("rig"), fromHex("ffffffffff")))).toEqual(text("rig"));
  });

  it("is found whatever whole ones stand before it", () => {
    const unknown = fc.record({
      extensionType: fc.integer({ min: 0x0300, max: 0x7fff }),
      fieldType: fc.integer({ min: 0, max: 255 }),
      value: fc.uint8Array({ maxLength: 20 }),
      order: fc.constantFrom(...ORDERS),
    });
    fc.assert(
      fc.property(fc.array(unknown, { maxLength: 6 }), fc.constantFrom(...ORDERS), (fields, order) => {
        const before = fields.map(({ value, order: theirs, ...type }) => tlv(type, value, theirs));
        expect(valueIn(concatBytes(...before, workerTlv("rig", order)))).toEqual(text("rig"));
      }),
    );
  });

  it("is never looked for past the end, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), fc.integer({ min: 0, max: 255 }), (bytes, from) => {
        const search: TlvSearch = { extensionType: 2, fieldType: 1, start: 0, length: 0 };
        if (findTlv(bytes, from, search)) expect(search.start + search.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe("a worker's name", () => {
  const field = new WorkerField();
  const payloadOf = (name: Uint8Array): Uint8Array => concatBytes(new Uint8Array(33).fill(2), workerTlv(name));

  it("is what stands behind the share's fields, up to 32 bytes", () => {
    for (const length of [1, 2, 31, MAX_WORKER_NAME_BYTES]) {
      const name = Uint8Array.from({ length }, (_, index) => index + 100);
      expect(field.read(payloadOf(name), 33)).toEqual(name);
    }
  });

  it("leaves nothing of the one before", () => {
    field.read(payloadOf(text("a longer name")), 33);
    expect(field.read(payloadOf(text("rig")), 33)).toEqual(text("rig"));
    expect(field.read(new Uint8Array(33), 33)).toHaveLength(0);
  });

  it("that is too long is given whole, for the share to be refused", () => {
    const name = new Uint8Array(MAX_WORKER_NAME_BYTES + 1).fill(0x61);
    expect(field.read(payloadOf(name), 33)).toEqual(name);
  });

  it("is given in a view that was made before: names of one length share it", () => {
    for (const length of [1, MAX_WORKER_NAME_BYTES]) {
      const first = field.read(payloadOf(new Uint8Array(length).fill(0x61)), 33);
      expect(field.read(payloadOf(new Uint8Array(length).fill(0x62)), 33)).toBe(first);
    }
  });
});
