import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/core/bytes.ts";
import { createValidator } from "../../src/sharecore/index.ts";
import { instantiate, loadModule } from "../../src/sharecore/wasm-module.ts";
import { CORE_BUILD } from "./core-build.ts";
import { bytesOf, sampleExtendedJob, sampleShare, sampleStandardJob, validateAll } from "./share-samples.ts";

/** A module whose `abi_version` returns 2 and that has nothing else. */
const OTHER_VERSION = fromHex(
  "0061736d01000000" +
    "010501600001 7f".replace(" ", "") +
    "03020100" +
    "070f010b6162695f76657273696f6e0000" +
    "0a06010400 41020b".replace(" ", ""),
);

describe("the WASM core's module", () => {
  it.each([
    ["bytes that are no module", bytesOf(1, 100)],
    ["a module of another version", OTHER_VERSION],
  ])("is refused: %s", (_, moduleBytes) => {
    const open = () => createValidator({ backend: "wasm", moduleBytes });
    expect(open).toThrow(expect.objectContaining({ code: "core-unusable", disposition: { kind: "shutdown" } }));
  });

  it("says why bytes are refused, and what to do", () => {
    const open = () => createValidator({ backend: "wasm", moduleBytes: bytesOf(1, 100) });
    expect(open).toThrow(/cannot be loaded \(.*magic word.*\): moduleBytes have to be the package's own \.wasm$/);
  });

  it("is compiled once", () => {
    expect(loadModule(CORE_BUILD.moduleBytes)).toBe(loadModule(CORE_BUILD.moduleBytes));
    expect(instantiate(loadModule(CORE_BUILD.moduleBytes)).abi_version()).toBe(1);
  });

  it("serves validators that know nothing of one another", async () => {
    const [one, other] = [0, 1].map(() => createValidator({ backend: "wasm", jobSlots: 1, ...CORE_BUILD }));
    if (one === undefined || other === undefined) throw new Error("no validators");
    const handles = [one.addJob(sampleStandardJob(1)), other.addJob(sampleExtendedJob(2))] as const;
    expect(handles[0]).toEqual(handles[1]);
    const [first] = await validateAll(one, [sampleShare(handles[0], 1)]);
    other.releaseJob(handles[1]);
    expect(await validateAll(one, [sampleShare(handles[0], 1)])).toEqual([first]);
    expect(await validateAll(other, [sampleShare(handles[1], 1)])).toMatchObject([{ flags: 4 }]);
  });
});
