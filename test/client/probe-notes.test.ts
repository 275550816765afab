import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../src/wire/frame.ts";
import { NewExtendedMiningJob } from "../../src/wire/job-messages.ts";
import { EXTENDED_JOB, ProbeRig } from "./probe-rig.ts";

describe("a probe notes what is a trouble to some miners", () => {
  const bit = (frame: Uint8Array): Uint8Array => frame.with(1, 0);
  const CASES: readonly (readonly [string, (rig: ProbeRig) => ProbeRig])[] = [
    ["asks for a fixed version", (rig) => rig.setUp(1).opened().job().tip()],
    ["have one id", (rig) => rig.setUp().opened({ group_channel_id: 5 }).job().tip()],
    ["has 8192 bytes", (rig) => rig.setUp().opened().job(longer(8_192)).tip()],
    [
      "has 21 merkle branches",
      (rig) =>
        rig
          .setUp()
          .opened()
          .job({ merkle_path: paths(21) })
          .tip(),
    ],
    ["does not begin with the height", (rig) => rig.setUp().opened().job({ coinbase_tx_prefix: headless() }).tip()],
    ["versions may not be rolled", (rig) => rig.setUp().opened().job({ version_rolling_allowed: false }).tip()],
    ["bits set that common firmware rolls", (rig) => rig.setUp().opened().job({ version: 0x20002000 }).tip()],
    [
      "the job comes without the channel_msg bit",
      (rig) =>
        rig
          .setUp()
          .opened()
          .bytes(bit(encodeFrame(NewExtendedMiningJob, EXTENDED_JOB)))
          .tip(),
    ],
    ["121 s ahead", (rig) => rig.setUp().opened().job().tip({ min_ntime: 1_700_000_121 })],
    ["3601 s behind", (rig) => rig.setUp().opened().job().tip({ min_ntime: 1_699_996_399 })],
  ];

  it.each(CASES)("%s", (expected, act) => {
    const rig = act(new ProbeRig());
    expect(rig.facts("job")).toMatchObject({ ok: true });
    expect(rig.notes).toEqual([expect.stringContaining(expected)]);
  });

  it("and not what is just inside", () => {
    const rig = new ProbeRig()
      .setUp()
      .opened()
      .job({ ...longer(8_191), merkle_path: paths(20) });
    expect(rig.tip({ min_ntime: 1_700_000_120 }).notes).toEqual([]);
    expect(new ProbeRig().setUp().opened().job().tip({ min_ntime: 1_699_996_400 }).notes).toEqual([]);
  });

  it("that the pool asks for extended channels, of a standard one", () => {
    expect(new ProbeRig({ kind: "standard" }).setUp(2).notes).toEqual([expect.stringContaining("extended channels")]);
    expect(new ProbeRig().setUp(2).notes).toEqual([]);
  });
});

function paths(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(32));
}

/** A job whose frame has that many bytes: its output's script is so long. */
function longer(frameBytes: number): { readonly coinbase_tx_suffix: Uint8Array } {
  const { coinbase_tx_suffix: suffix } = EXTENDED_JOB;
  const fixed = encodeFrame(NewExtendedMiningJob, EXTENDED_JOB).length + 2;
  const merkleBytes = frameBytes === 8_191 ? 18 * 32 : 0;
  const scriptBytes = frameBytes - fixed - merkleBytes + 1;
  const script = [0xfd, scriptBytes & 255, scriptBytes >> 8, ...new Array(scriptBytes).fill(0x51)];
  return { coinbase_tx_suffix: new Uint8Array([...suffix.subarray(0, 13), ...script, ...suffix.subarray(15)]) };
}

/** The coinbase's beginning, with a script that begins with no height. */
function headless(): Uint8Array {
  return EXTENDED_JOB.coinbase_tx_prefix.with(42, 0x4c);
}
