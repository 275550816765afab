import { afterEach, describe, expect, it } from "vitest";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { adit, endRuns, pool } from "./adit-process.ts";

afterEach(endRuns);

describe("adit probe", () => {
  it("finds nothing wrong with a pool that works, and ends with code 0", async () => {
    const run = adit(["probe", await pool().url(), "--user", "alice"]);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stderr).toBe("");
    const steps = run.stdout.trimEnd().split("\n");
    expect(steps.map((line) => line.split(/\s+/).slice(0, 2).join(" "))).toEqual(
      ["connect", "handshake", "certificate", "setup", "channel", "job", "close"].map((step) => `${step} ok`),
    );
  });

  it("names what is wrong in one sentence, ends with code 1, and tells programs as well", async () => {
    const [one, other] = [pool(), pool()];
    const { port } = parsePoolUrl(await one.url());
    const wrong = (await other.url()).replace(/:\d+\//, `:${port}/`);
    const run = adit(["probe", wrong, "--json"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toMatch(/^adit: the pool's certificate is not signed by the authority key in the URL: .*\n$/);
    const events = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ step, ok }) => [step, ok])).toEqual([
      ["connect", true],
      ["handshake", true],
      ["certificate", false],
    ]);
    expect(events.at(-1)).toMatchObject({ code: "certificate-signature", certificate: { signature: "not-valid" } });
  });

  it("needs no key, nor encryption where it is told so", async () => {
    const url = await pool().url();
    const keyless = url.replace(/\/[^/]*$/, "");
    const [unchecked, plain] = [adit(["probe", keyless]), adit(["probe", url, "--plaintext", "--channel", "standard"])];
    expect((await unchecked.ended).code).toBe(0);
    expect(unchecked.stdout).toContain("note: the URL has no key");
    expect((await plain.ended).code).toBe(0);
    expect(plain.stdout).toContain("standard channel");
    expect(plain.stdout).not.toContain("handshake");
  });
});
