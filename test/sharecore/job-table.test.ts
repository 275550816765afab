import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createValidator } from "../../src/sharecore/index.ts";
import { JobTable, resolveJobSlots } from "../../src/sharecore/job-table.ts";
import type { ShareCore } from "../../src/sharecore/share-core.ts";
import type { JobHandle } from "../../src/sharecore/types.ts";
import { sampleStandardJob } from "./share-samples.ts";

const SLOTS = 4;
const JOB = sampleStandardJob(1);

/** A core that keeps in mind which generation is in which slot, and refuses to clear another one. */
class SlotCore implements ShareCore {
  readonly held = new Map<number, number>();
  setJob({ slot, generation }: JobHandle): void {
    expect(this.held.has(slot), "the slot is empty").toBe(false);
    this.held.set(slot, generation);
  }
  clearJob({ slot, generation }: JobHandle): void {
    expect(this.held.get(slot), "the generation in the slot").toBe(generation);
    this.held.delete(slot);
  }
  validate(): void {}
  merkleRoots(): Uint8Array {
    return new Uint8Array(0);
  }
}

function newTable(): { table: JobTable; core: SlotCore; freed: JobHandle[] } {
  const core = new SlotCore();
  const freed: JobHandle[] = [];
  return { table: new JobTable(core, { slots: SLOTS, onFree: (handle) => void freed.push(handle) }), core, freed };
}

describe("a table of jobs", () => {
  it("frees released jobs in their order, each once all batches before its release are delivered", () => {
    const { table, freed } = newTable();
    const handles = Array.from({ length: SLOTS }, () => table.add(JOB).handle);
    expect(handles).toEqual([0, 1, 2, 3].map((slot) => ({ slot, generation: 1 })));
    for (const [index, sequence] of [5, 5, 6, 8].entries()) table.release(handles[index] as JobHandle, sequence);
    table.retire(4);
    expect(freed).toEqual([]);
    expect(() => table.add(JOB)).toThrow("all job slots are taken");
    table.retire(5);
    expect(freed).toEqual(handles.slice(0, 2));
    table.retire(7);
    expect(freed).toEqual(handles.slice(0, 3));
    // The one that came free last is used first.
    expect(table.add(JOB).handle).toEqual({ slot: 2, generation: 2 });
    table.retire(8);
    expect(freed).toEqual(handles);
  });

  it("gives no slot out twice and frees none too soon, whatever comes in which order", () => {
    const step = fc.oneof(
      fc.constant("add" as const),
      fc.constant("submit" as const),
      fc.constant("deliver" as const),
      fc.record({ release: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { table, core, freed } = newTable();
        const given: JobHandle[] = [];
        /** Of the jobs that were released and are not free. */
        const waiting: { handle: JobHandle; sequence: number }[] = [];
        let [submitted, delivered] = [0, 0];
        for (const each of steps) {
          if (each === "submit") submitted += 1;
          else if (each === "deliver") delivered = Math.min(submitted, delivered + 1);
          else if (each === "add") {
            if (core.held.size === SLOTS) expect(() => table.add(JOB)).toThrow("all job slots are taken");
            else given.push(table.add(JOB).handle);
          } else {
            const handle = given[each.release % Math.max(1, given.length)];
            if (handle === undefined) continue;
            if (table.isLive(handle.slot, handle.generation)) waiting.push({ handle, sequence: submitted });
            table.release(handle, submitted);
            expect(table.isLive(handle.slot, handle.generation)).toBe(false);
          }
          const before = freed.length;
          table.retire(delivered);
          const due = waiting.filter(({ sequence }) => sequence <= delivered).map(({ handle }) => handle);
          expect(freed.slice(before)).toEqual(due);
          waiting.splice(0, due.length);
        }
        const live = given.filter(({ slot, generation }) => table.isLive(slot, generation));
        const held = [...live, ...waiting.map(({ handle }) => handle)];
        expect([...core.held].sort()).toEqual(held.map(({ slot, generation }) => [slot, generation]).sort());
      }),
    );
  });

  it("counts the jobs of a slot one by one", () => {
    const { table } = newTable();
    for (let generation = 1; generation <= 5; generation += 1) {
      const { handle } = table.add(JOB);
      expect(handle).toEqual({ slot: 0, generation });
      table.release(handle, 0);
      table.retire(0);
    }
  });

  it("has 16,384 slots where nothing else is said, in a validator as well", () => {
    expect(resolveJobSlots()).toBe(16_384);
    const validator = createValidator({ backend: "wasm" });
    for (let job = 0; job < 16_384; job += 1) validator.addJob(JOB);
    expect(() => validator.addJob(JOB)).toThrow("all job slots are taken");
  });
});
