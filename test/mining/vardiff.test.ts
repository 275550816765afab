import { describe, expect, it } from "vitest";
import { Vardiff } from "../../src/mining/vardiff.ts";

/** A vardiff that is served what it wants, and told of shares as a test has them come. */
class Bench {
  readonly vardiff: Vardiff;
  readonly least: number;
  difficulty: number;
  second = 0;
  changes = 0;
  #owed = 0;

  constructor(options: { difficulty?: number; announced?: number; least?: number } = {}) {
    const { difficulty = 1_000, announced = 0, least = 0 } = options;
    this.difficulty = difficulty;
    this.least = least;
    this.vardiff = new Vardiff({ sharesPerMinute: 12, announced, estimate: difficulty, difficulty, least, nowMs: 0 });
  }

  /** Lets time pass. The miner, which that difficulty would suit, finds its shares at an even pace. */
  run(seconds: number, suited: number, jobDifficulty?: number): this {
    for (const end = this.second + seconds; this.second < end; ) {
      this.second += 1;
      const job = jobDifficulty ?? this.difficulty;
      for (this.#owed += suited / job / 5; this.#owed >= 1; this.#owed -= 1) this.vardiff.onShare(job);
      this.#look();
    }
    return this;
  }

  /** Shares that come in one second. */
  burst(shares: number): this {
    this.second += 1;
    for (let share = 0; share < shares; share += 1) this.vardiff.onShare(this.difficulty);
    this.#look();
    return this;
  }

  #look(): void {
    if (!this.vardiff.look(1_000 * this.second)) return;
    this.changes += 1;
    this.serve();
  }

  announce(difficulty: number): this {
    this.vardiff.announce(difficulty, 1_000 * this.second);
    return this.serve();
  }

  serve(): this {
    this.difficulty = Math.max(this.vardiff.estimate, this.least);
    this.vardiff.serve(this.difficulty, this.least);
    return this;
  }
}

describe("vardiff", () => {
  it("leaves alone what comes as it is wanted", () => {
    expect(new Bench().run(7_200, 1_000)).toMatchObject({ changes: 0, difficulty: 1_000 });
  });

  it("answers a flood within seconds, with a difficulty that ends it", () => {
    const bench = new Bench().run(60, 1_000).run(3, 100_000);
    expect(bench.changes).toBe(1);
    expect(bench.difficulty).toBeGreaterThan(50_000);
    expect(bench.difficulty).toBeLessThan(120_000);
  });

  it("takes shares of older jobs for what they are worth: they make no second flood of one", () => {
    const bench = new Bench().run(60, 1_000).run(3, 100_000);
    expect(bench.run(27, bench.difficulty, 1_000).changes).toBe(1);
  });

  it("takes shares that a silence held up for no rise", () => {
    const bench = new Bench().run(600, 1_000).run(35, 0).burst(8).run(30, 1_000);
    expect(bench).toMatchObject({ changes: 0, difficulty: 1_000 });
  });

  it("goes back to the difficulty that held before, where an alarm proves false", () => {
    const bench = new Bench().run(600, 1_000).run(45, 0);
    expect(bench.changes).toBe(1);
    expect(bench.difficulty).toBeLessThan(700);
    expect(bench.run(120, 1_000)).toMatchObject({ changes: 2, difficulty: 1_000 });
  });

  it("corrects a smaller error too, if it lasts", () => {
    const low = new Bench().run(3_600, 770);
    expect(low.difficulty).toBeGreaterThan(700);
    expect(low.difficulty).toBeLessThan(850);
    const high = new Bench().run(3_600, 1_400);
    expect(high.difficulty).toBeGreaterThan(1_200);
    expect(high.difficulty).toBeLessThan(1_600);
    expect([low.changes, high.changes]).toEqual([1, 1]);
  });

  it("loses patience with a miner whose hashrate changes often to an end, and finds it again", () => {
    const bench = new Bench();
    for (let times = 0; times < 50; times += 1) bench.run(600, 1_000).run(600, 3_000);
    expect(bench.changes).toBeGreaterThan(50);
    bench.run(600, 3_000);
    const { changes } = bench;
    expect(bench.run(50, 0).changes, "not at once").toBe(changes);
    expect(bench.run(50, 0).changes).toBe(changes + 1);
    bench.run(12 * 3_600, 3_000);
    const later = bench.changes;
    expect(bench.run(50, 0).changes).toBe(later + 1);
  });

  it("eases the work of a miner that fell silent step by step, and no further than to a 256th", () => {
    const bench = new Bench().run(600, 1_000).run(50, 0);
    expect(bench.difficulty).toBeGreaterThan(200);
    bench.run(900, 0);
    const { changes } = bench;
    expect(changes).toBeLessThan(6);
    expect(bench.difficulty).toBeCloseTo(1_000 / 256, 6);
    expect(bench.run(24 * 3_600, 0)).toMatchObject({ changes, difficulty: bench.difficulty });
  });

  it("eases the work of a miner that was never heard as far as there is easier work", () => {
    const bench = new Bench({ difficulty: 1e12, least: 1 }).run(900, 0);
    expect(bench.difficulty).toBe(1);
    const { changes } = bench;
    expect(bench.run(24 * 3_600, 0).vardiff.estimate, "and does not count on less").toBe(1);
    expect(bench.changes).toBe(changes);
    expect(bench.run(4, 1_000).difficulty, "so that its first shares are a flood at once").toBeGreaterThan(10);
  });

  it("says what a channel has settled at by its shares, once they are many and its difficulty held", () => {
    const bench = new Bench().run(299, 1_100);
    expect(bench.vardiff.settled).toBeUndefined();
    expect(bench.run(2, 1_100).vardiff.settled).toBeCloseTo(1_100, -2);
    expect(new Bench({ difficulty: 1, least: 1 }).run(3_600, 0.01).vardiff.settled, "few came").toBeUndefined();
  });

  it("steers to another number of shares at once, with all that it has observed", () => {
    const bench = new Bench({ announced: 2_000 }).run(600, 1_000);
    bench.vardiff.aimAt(120);
    expect(bench.serve().difficulty).toBe(100);
    expect(bench.run(600, 1_000)).toMatchObject({ changes: 0, difficulty: 100 });
    expect(bench.announce(400).difficulty, "an announcement's factor too").toBe(200);
    const falseAlarm = new Bench().run(600, 1_000).run(45, 0);
    falseAlarm.vardiff.aimAt(24);
    expect(falseAlarm.serve().run(120, 1_000).difficulty, "and what held before").toBe(500);
    const silent = new Bench().run(600, 1_000);
    silent.vardiff.aimAt(120);
    silent.serve().run(900, 0);
    expect(silent.difficulty).toBeCloseTo(100 / 256, 6);
  });

  it("is not led astray by a clock that stands still", () => {
    const bench = new Bench().run(60, 1_000);
    for (let share = 0; share < 1_000; share += 1) bench.vardiff.onShare(1_000);
    expect(bench.vardiff.look(60_000)).toBe(false);
    expect(bench.vardiff.estimate).toBe(1_000);
  });

  it("expects fewer shares where the target is held harder than the estimate, and more where it is held easier", () => {
    for (const held of [4_000, 100]) {
      const bench = new Bench();
      bench.vardiff.serve(held, 0);
      bench.difficulty = held;
      expect(bench.run(1_800, 1_000)).toMatchObject({ changes: 0 });
    }
  });
});

describe("an announcement", () => {
  it("scales what was observed by the factor to the one before", () => {
    const bench = new Bench({ announced: 1_000 }).run(600, 100_000);
    const observed = bench.difficulty;
    expect(observed).toBeGreaterThan(50_000);
    expect(bench.announce(2_000).difficulty / observed).toBeCloseTo(2, 9);
    expect(bench.announce(1_000).difficulty / observed).toBeCloseTo(1, 9);
  });

  it("is believed as it is where that is nearer to what was observed: the one before was a placeholder", () => {
    const bench = new Bench({ difficulty: 1, announced: 1e-9 }).run(600, 1_000);
    expect(bench.difficulty).toBeGreaterThan(500);
    expect(bench.announce(1_000).difficulty).toBe(1_000);
  });

  it("is believed as it is where it is the first", () => {
    expect(new Bench({ difficulty: 1 }).announce(5_000).difficulty).toBe(5_000);
  });

  it("of nothing says nothing, and the next is compared to the one before it", () => {
    const bench = new Bench({ announced: 1_000, difficulty: 500 }).announce(0);
    expect(bench.difficulty).toBe(500);
    expect(bench.announce(3_000).difficulty).toBeCloseTo(1_500, 9);
  });

  it("is believed no further than to the least difficulty", () => {
    expect(new Bench({ difficulty: 0.001, least: 1 }).vardiff.estimate).toBe(1);
    expect(new Bench({ difficulty: 1, least: 1 }).announce(0.001).vardiff.estimate).toBe(1);
  });

  it("of nearly the same changes nothing, but small steps add up", () => {
    const bench = new Bench({ announced: 1_000 });
    expect(bench.announce(1_090).difficulty).toBe(1_000);
    expect(bench.announce(1_180).difficulty).toBeCloseTo(1_180, 9);
    expect(bench.announce(1_080).difficulty).toBeCloseTo(1_180, 9);
  });

  it("that is repeated each second hides nothing that was observed", () => {
    const bench = new Bench({ announced: 1_000 });
    for (let second = 0; second < 300; second += 1) bench.run(1, 25_000).announce(1_000 + (second % 50));
    expect(bench.difficulty).toBeGreaterThan(18_000);
    expect(bench.difficulty).toBeLessThan(35_000);
  });

  it("that changes each second does not keep the pool from observing", () => {
    const bench = new Bench({ announced: 1_000 });
    for (let second = 0; second < 600; second += 1) {
      bench.run(1, 25_000).announce(second % 2 === 0 ? 2_000 : 1_000);
    }
    expect(bench.difficulty).toBeGreaterThan(10_000);
    expect(bench.difficulty).toBeLessThan(50_000);
  });

  it("is the beginning of a new observation: what came before says nothing of it", () => {
    const bench = new Bench({ announced: 1_000 }).run(600, 1_000).run(35, 0);
    expect(bench.announce(500).run(15, 0)).toMatchObject({ changes: 0 });
  });
});
