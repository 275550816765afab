import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { issueCertificate } from "../../src/noise/certificate.ts";
import { generateKeyPair, xOnlyOf } from "../../src/noise/ellswift.ts";
import { EncryptedFrameReader, EncryptedFrameSealer } from "../../src/noise/encrypted-frames.ts";
import { ACT_ONE_BYTES, ACT_TWO_BYTES, NoiseInitiator, NoiseResponder } from "../../src/noise/handshake-state.ts";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { eachCase } from "../support/drawn-cases.ts";
import { chunked, honestFrame, mishapenFrame, noise, unlessRefused } from "../wire/hostile-bytes.ts";
import { cipherWith } from "./noise-fixture.ts";

const KEY = new Uint8Array(32).fill(0x3d);

/** Pushes the bytes in a few chunks. @returns frames that came out, or undefined where the bytes were refused. */
function read(random: SeededRandom, bytes: Uint8Array, codes: readonly string[]): number | undefined {
  const reader = new EncryptedFrameReader(cipherWith(KEY), random.next() % 2 === 0 ? "server" : "client");
  let frames = 0;
  return unlessRefused(() => {
    for (const chunk of chunked(random, bytes)) {
      reader.push(chunk, (header, payload) => {
        if (payload.length !== header.length) throw new Error("a frame has another length than its header says");
        frames += 1;
      });
    }
    return frames;
  }, new Set(codes));
}

describe("the reader of encrypted frames", () => {
  it("refuses noise with a typed error", () => {
    eachCase(2_000, (random) => {
      const bytes = noise(random, random.next() % 64 === 0 ? random.between(22, 65_536) : random.between(22, 400));
      expect(read(random, bytes, ["bad-mac"])).toBeUndefined();
    });
  });

  it("refuses honest frames that were changed on their way, and takes those that were not", () => {
    let taken = 0;
    eachCase(1_000, (random) => {
      const sealer = new EncryptedFrameSealer(cipherWith(KEY));
      const frames = Array.from({ length: random.between(1, 3) }, () => honestFrame(random).subarray(0, 2_000));
      for (const frame of frames) frame.set([(frame.length - 6) & 0xff, (frame.length - 6) >>> 8, 0], 3);
      const bytes = concatBytes(...frames.map((frame) => sealer.seal(frame)));
      const changed = random.next() % 3 > 0;
      const at = random.next() % bytes.length;
      if (changed) bytes[at] = (bytes[at] ?? 0) ^ (1 << (random.next() & 7));
      const found = read(random, bytes, ["bad-mac", "frame-too-long"]);
      if (changed) expect(found).toBeUndefined();
      else if (found !== undefined) taken += 1;
    });
    expect(taken).toBeGreaterThan(50);
  });

  it("takes or refuses what a peer sealed itself, whatever its header says", () => {
    let taken = 0;
    eachCase(2_000, (random) => {
      const plaintext = mishapenFrame(random).subarray(0, 4_000);
      const bytes = new EncryptedFrameSealer(cipherWith(KEY)).seal(plaintext);
      // A header of fewer bytes, sealed for itself, is shorter than a sealed header: it is refused with what follows.
      if ((read(random, bytes, ["bad-mac", "frame-too-long"]) ?? 0) > 0) taken += 1;
    });
    expect(taken).toBeGreaterThan(50);
  });
});

describe("the handshake", () => {
  const staticKeyPair = generateKeyPair();
  const certificate = issueCertificate({
    authoritySecretKey: generateKeyPair().secretKey,
    staticPublicKeyX: xOnlyOf(staticKeyPair.ellswift),
    validFrom: 0,
    notValidAfter: 0xffffffff,
  });
  const responder = (): NoiseResponder => new NoiseResponder({ staticKeyPair, certificate });

  it("answers any 64 bytes as act one, since each stands for a point of the curve", () => {
    const ends = [0x00, 0xff].map((byte) => new Uint8Array(ACT_ONE_BYTES).fill(byte));
    for (const actOne of ends) expect(responder().readActOne(actOne)).toHaveLength(ACT_TWO_BYTES);
    eachCase(40, (random) => {
      expect(responder().readActOne(noise(random, ACT_ONE_BYTES))).toHaveLength(ACT_TWO_BYTES);
    });
  });

  it("refuses an act one of any other length", () => {
    eachCase(500, (random) => {
      const length = random.between(0, 300);
      if (length === ACT_ONE_BYTES) return;
      const answer = unlessRefused(() => responder().readActOne(noise(random, length)), new Set(["handshake-failed"]));
      expect(answer).toBeUndefined();
    });
  });

  it("refuses any bytes that are no act two with a typed error", () => {
    const codes = new Set(["handshake-failed", "bad-mac"]);
    eachCase(20, (random) => {
      const initiator = new NoiseInitiator({ authorityPublicKey: undefined, nowSeconds: 1_700_000_000 });
      const actTwo = responder().readActOne(initiator.writeActOne());
      const at = random.between(0, actTwo.length - 1);
      actTwo[at] = (actTwo[at] ?? 0) ^ (1 << (random.next() & 7));
      const bytes = random.next() % 2 === 0 ? actTwo : noise(random, random.between(200, ACT_TWO_BYTES));
      const taken = unlessRefused(() => {
        initiator.readActTwo(bytes);
        return true;
      }, codes);
      expect(taken).toBeUndefined();
    });
  });
});
