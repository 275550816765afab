/**
 * Estimates a channel's hashrate from its shares, as the difficulty at which it would find the wanted number of them per
 * minute. Pure: it is told of shares, announcements and the time. Which target follows is its caller's part.
 *
 * Shares of a steady miner arrive as a Poisson process. One test each looks for a flood, for twice the rate and for half
 * of it, two more for smaller errors, which matter less and need more shares to be seen. The new estimate comes from the
 * shares since the change alone.
 *
 * At 12 shares a minute quickness and steadiness exclude each other. In the 90 s in which a halving should be seen 18
 * shares are due and 9 come; whoever tells 19 of 20 such cases from chance must err eight times an hour. So a channel is
 * watched closely at first, where changes are likely, and each change makes the pool more patient with it for some hours:
 * a steady miner sees less than one an hour.
 */

import { RateTest, TestedRatio } from "./rate-test.ts";

export type VardiffOptions = {
  readonly sharesPerMinute: number;
  /** The difficulty that suits the hashrate which the client announced; 0 where it announced none. */
  readonly announced: number;
  /** The difficulty at which the miner is thought to find so many shares. */
  readonly estimate: number;
  /** The difficulty of its target. */
  readonly difficulty: number;
  /** No estimate below this one makes a difference. */
  readonly least: number;
  readonly nowMs: number;
};

/**
 * Limits and weights are the result of simulations at so many shares a minute: as low as they can be for the changes that
 * a steady miner may see. With more shares a minute chance has more opportunities, and the limits rise.
 */
const TUNED_FOR_SHARES_PER_MINUTE = 12;
const FALL = new TestedRatio(0.5, { limit: 4.1, weight: 6 });
const RISE = new TestedRatio(2, { limit: 5.5, weight: 25 });
const FLOOD = new TestedRatio(8, { limit: 8, weight: 6 });
const SLOW_FALL = new TestedRatio(0.77, { limit: 7, weight: 6 });
const SLOW_RISE = new TestedRatio(1.3, { limit: 7, weight: 25 });

/** A rise is looked at for so long before it is heeded: a flood then tells its rate well. */
const RISE_SEEN_FOR_MS = 3_000;

/** A silence in which so many shares were due, which chance makes in one of 20, is no matter of chance. */
const LONG_SILENCE_DUE = 3;

/** What was silent for longer is not held up somewhere: it stood still. */
const LONGEST_SILENCE_MS = 60_000;

/** Where a miner that was heard falls silent its difficulty falls to a 256th at most, so that its return is no flood. */
const MOST_SILENT_EASING = 256;

/** An estimate that held while so many shares were due (5 minutes) is known to be good. */
const ESTABLISHED_DUE = 60;

/** A change that leads back to within this factor of an estimate known to be good leads back to that. */
const SAME = 2;

/** Nats by which all limits rise with a change, how far at most, and how fast they fall again. */
const PATIENCE_PER_CHANGE = 0.6;
const MOST_PATIENCE = 4;
const PATIENCE_LOST_PER_MS = 0.45 / 3_600_000;

/** Announcements that differ by less are the same: what was observed is more exact. */
const SIMILAR = 1.1;

/** The observation begins anew with an announcement at most so often: a busy proxy may send one each second. */
const ANNOUNCED_ANEW_MS = 60_000;

export class Vardiff {
  #sharesPerMs: number;
  /** Added to all limits. */
  #allowance: number;
  readonly #tests: readonly RateTest[] = [FALL, RISE, FLOOD, SLOW_FALL, SLOW_RISE].map((one) => new RateTest(one));
  #estimate: number;
  #difficulty: number;
  #announced: number;
  /** Of the announcement with which the observation began anew. */
  #anewMs = Number.NEGATIVE_INFINITY;
  #lookedMs: number;
  /** Credited since the last look. */
  #credit = 0;
  #silenceMs = 0;
  /** Since the present estimate was made. */
  #shares = 0;
  #due = 0;
  /** The last estimate known to be good; 0 before the first. */
  #established = 0;
  /** Whether the last change was a rise. */
  #roseLast: boolean | undefined;
  #patience = 0;
  #least: number;
  /** Where no share comes any more it falls no further than to this. */
  #leastSilent = 0;

  constructor(options: VardiffOptions) {
    this.#sharesPerMs = options.sharesPerMinute / 60_000;
    this.#allowance = allowanceFor(options.sharesPerMinute);
    this.#announced = options.announced;
    this.#estimate = Math.max(options.estimate, options.least);
    this.#difficulty = options.difficulty;
    this.#least = options.least;
    this.#lookedMs = options.nowMs;
  }

  /** The difficulty at which the miner is thought to find the wanted number of shares. */
  get estimate(): number {
    return this.#estimate;
  }

  /** The same as its shares alone have it, where it held for some minutes; else undefined. */
  get settled(): number | undefined {
    return this.#due < ESTABLISHED_DUE ? undefined : (this.#estimate * this.#shares) / this.#due;
  }

  /** A share was accepted. @param credit the difficulty that it was credited with. */
  onShare(credit: number): void {
    this.#credit += credit;
  }

  /** Called each second. @returns whether what came since the last call made another estimate. */
  look(nowMs: number): boolean {
    const ms = nowMs - this.#lookedMs;
    const duePerMs = this.#sharesPerMs * (this.#estimate / this.#difficulty);
    const shares = this.#credit / this.#difficulty;
    const due = duePerMs * ms;
    const silence = duePerMs * this.#silenceMs;
    this.#lookedMs = nowMs;
    this.#credit = 0;
    this.#shares += shares;
    this.#due += due;
    this.#patience = Math.max(0, this.#patience - ms * PATIENCE_LOST_PER_MS);
    if (shares > 0) this.#leastSilent = this.#estimate / MOST_SILENT_EASING;
    this.#silenceMs = shares > 0 ? 0 : Math.min(LONGEST_SILENCE_MS, this.#silenceMs + ms);
    const silentDue = silence > LONG_SILENCE_DUE ? silence : 0;
    const alarm = this.#strongestAlarm({ shares, due, ms, silentDue });
    return alarm !== undefined && this.#heed(alarm);
  }

  /** The channel has this difficulty from now on, and this least estimate. */
  serve(difficulty: number, least: number): void {
    this.#difficulty = difficulty;
    this.#least = least;
    this.#estimate = Math.max(this.#estimate, least);
  }

  /** That many shares are wanted from now on; what was seen tells as much about the miner as before. */
  aimAt(sharesPerMinute: number): void {
    const factor = (60_000 * this.#sharesPerMs) / sharesPerMinute;
    this.#sharesPerMs = sharesPerMinute / 60_000;
    this.#allowance = allowanceFor(sharesPerMinute);
    this.#estimate *= factor;
    this.#established *= factor;
    this.#announced *= factor;
    this.#leastSilent *= factor;
  }

  /**
   * The client announced a hashrate. Its factor to the announcement before is believed or its value, whichever is nearer
   * to what was observed: some firmware announces the same number whatever its chips are, some proxies announce a
   * placeholder first. @param announced the difficulty that suits it; 0 says nothing.
   */
  announce(announced: number, nowMs: number): void {
    const before = this.#announced;
    if (announced === 0 || (announced < before * SIMILAR && announced > before / SIMILAR)) return;
    const scaled = before === 0 ? announced : this.#estimate * (announced / before);
    this.#estimate = this.#distance(scaled) < this.#distance(announced) ? scaled : announced;
    this.#announced = announced;
    if (nowMs - this.#anewMs < ANNOUNCED_ANEW_MS) return;
    this.#anewMs = nowMs;
    this.#beginAnew();
  }

  #distance(estimate: number): number {
    return Math.abs(Math.log(estimate / this.#estimate));
  }

  #strongestAlarm(seen: Parameters<RateTest["add"]>[0]): RateTest | undefined {
    let strongest: RateTest | undefined;
    let excess = this.#allowance + this.#patience;
    for (const test of this.#tests) {
      test.add(seen);
      if (test.excess < excess) continue;
      excess = test.excess;
      strongest = test;
    }
    return strongest;
  }

  #heed(alarm: RateTest): boolean {
    const { ratio, logRatio, limit } = alarm.tested;
    const rise = ratio > 1;
    if (rise && alarm.ms < RISE_SEEN_FOR_MS) return false;
    // Half a share more: silence is no proof that the rate is zero.
    const logSeen = Math.log((alarm.shares + 0.5) / alarm.due);
    if (rise && logSeen < logRatio / 2) {
      // Shares that a silence had held up: with it the rate is what it was.
      alarm.reset();
      return false;
    }
    // More evidence than it takes leaves less to chance, and after a whole estimate of silence there is no doubt.
    const weight = this.#shares === 0 ? 0 : (alarm.tested.weight * limit) / alarm.evidence;
    const own = rise ? alarm.shares : alarm.shares + 2;
    const factor = Math.exp((own * logSeen + weight * logRatio) / (own + weight));
    const least = Math.max(this.#least, Math.min(this.#estimate, this.#leastSilent));
    return this.#change(Math.max(this.#estimate * factor, least));
  }

  #change(wanted: number): boolean {
    const present = this.#estimate;
    const rises = wanted > present;
    if (wanted !== present) {
      const good = this.#established;
      const established = this.#due >= ESTABLISHED_DUE;
      const back = !established && this.#roseLast === !rises && wanted < good * SAME && wanted > good / SAME;
      if (established) this.#established = present;
      this.#roseLast = rises;
      this.#estimate = back ? good : wanted;
      this.#patience = Math.min(MOST_PATIENCE, this.#patience + PATIENCE_PER_CHANGE);
    }
    this.#beginAnew();
    return wanted !== present;
  }

  #beginAnew(): void {
    for (const test of this.#tests) test.reset();
    this.#shares = 0;
    this.#due = 0;
  }
}

function allowanceFor(sharesPerMinute: number): number {
  return Math.max(0, Math.log(sharesPerMinute / TUNED_FOR_SHARES_PER_MINUTE));
}
