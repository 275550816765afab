import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { enterRunFolder, RUN_FOLDER_PREFIX } from "../support/run-folder.ts";

describe("what a test run lays down for a while", () => {
  it("is in one folder of that run", () => {
    expect(basename(tmpdir()).startsWith(RUN_FOLDER_PREFIX)).toBe(true);
  });

  it("is gone when the run is over, and the environment is as before", () => {
    const environment: NodeJS.ProcessEnv = { TMPDIR: "/before", PATH: "/bin" };
    const leave = enterRunFolder(environment);
    const folder = environment.TMPDIR ?? "";
    expect(dirname(folder)).toBe(tmpdir());
    expect(environment).toEqual({ TMPDIR: folder, TEMP: folder, TMP: folder, PATH: "/bin" });
    mkdirSync(join(folder, "left"));
    writeFileSync(join(folder, "left", "file"), "");
    leave();
    expect(existsSync(folder)).toBe(false);
    expect(environment).toEqual({ TMPDIR: "/before", PATH: "/bin" });
  });
});
