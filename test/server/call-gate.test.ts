import { describe, expect, it } from "vitest";
import { CallGate } from "../../src/server/call-gate.ts";
import { nextTurn } from "../support/wait.ts";

/** Calls through a gate, by name: which have begun, and how each ends. */
class Rig {
  readonly gate: CallGate;
  readonly begun: string[] = [];
  readonly results = new Map<string, string>();
  readonly #ends = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>();

  constructor(maxAtOnce: number, maxWaiting: number) {
    this.gate = new CallGate({ maxAtOnce, maxWaiting });
  }

  call(name: string): void {
    const made = (): Promise<string> => {
      this.begun.push(name);
      return new Promise((resolve, reject) => this.#ends.set(name, { resolve, reject }));
    };
    void this.gate.run(made, "turned away").then(
      (result) => this.results.set(name, result),
      (error: Error) => this.results.set(name, error.message),
    );
  }

  async end(name: string, error?: Error): Promise<void> {
    if (error === undefined) this.#ends.get(name)?.resolve(`end of ${name}`);
    else this.#ends.get(name)?.reject(error);
    await nextTurn();
  }
}

describe("CallGate", () => {
  it("makes a call at once while there is room, and lets others wait", () => {
    const rig = new Rig(2, 5);
    for (const name of ["a", "b", "c"]) rig.call(name);
    expect(rig.begun).toEqual(["a", "b"]);
  });

  it("makes the newest that waits as soon as one has ended, well or not", async () => {
    const rig = new Rig(1, 5);
    for (const name of ["a", "b", "c"]) rig.call(name);
    await rig.end("a");
    expect(rig.begun).toEqual(["a", "c"]);
    await rig.end("c", new Error("broken"));
    await rig.end("b");
    expect([...rig.results]).toEqual([
      ["a", "end of a"],
      ["c", "broken"],
      ["b", "end of b"],
    ]);
    rig.call("d");
    expect(rig.begun.at(-1)).toBe("d");
  });

  it("turns away the one that has waited longest beyond the limit, and makes it never", async () => {
    const rig = new Rig(1, 2);
    for (const name of ["a", "b", "c"]) rig.call(name);
    await nextTurn();
    expect(rig.results.size).toBe(0);
    rig.call("d");
    await nextTurn();
    expect([...rig.results]).toEqual([["b", "turned away"]]);
    for (const name of ["a", "d", "c"]) await rig.end(name);
    expect(rig.begun).toEqual(["a", "d", "c"]);
  });
});
