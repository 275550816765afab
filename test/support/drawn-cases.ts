/**
 * Cases that a test draws at random. TEST_SEED repeats a run: a failure says which seed it had. TEST_CASES=20 makes a run
 * twenty times as long.
 */

import { SeededRandom } from "../../src/templates/simulated-transactions.ts";

function setting(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} has to be a whole number from 1 on, not ${text}`);
  return value;
}

const SEED = setting("TEST_SEED") ?? 1 + Math.floor(Math.random() * 0x7ffffffe);
const FACTOR = setting("TEST_CASES") ?? 1;

/** Settings of fast-check for so many cases. */
export function drawn(cases: number): { readonly seed: number; readonly numRuns: number } {
  return { seed: SEED, numRuns: cases * FACTOR };
}

/** One random source for what a test prepares before its cases. */
export function preparing(): SeededRandom {
  return new SeededRandom(scrambled(SEED));
}

/** Runs so many cases, each with a random source of its own, which depends on the seed and the case's number alone. */
export function eachCase(cases: number, run: (random: SeededRandom) => void): void {
  for (let index = 0; index < cases * FACTOR; index += 1) {
    try {
      run(new SeededRandom(scrambled(SEED ^ scrambled(index + 1))));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`case ${index}, which TEST_SEED=${SEED} repeats: ${reason}`, { cause });
    }
  }
}

/** Neighbouring numbers become ones that have nothing in common. */
function scrambled(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
