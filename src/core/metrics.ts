/**
 * Counters and gauges that modules register for themselves: nothing central imports upward. A metric with labels is
 * registered once per label set, when the module is built, so that the share path does no look-up by name.
 * Names end in their unit: `_seconds`, `_bytes`, `_total`.
 */

export type MetricOptions = {
  readonly name: string;
  readonly help: string;
  /** Fixed labels of this series, e.g. `{ reason: "stale-share" }`. */
  readonly labels?: Readonly<Record<string, string>>;
};

/** Only ever rises. */
export interface Counter {
  add(amount: number): void;
  readonly value: number;
}

/** Rises and falls. */
export interface Gauge {
  set(value: number): void;
  add(amount: number): void;
  readonly value: number;
}

export type MetricSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export interface MetricRegistry {
  /** The counter of that name and those labels; made at the first call, the same one afterwards. */
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  /** All series with their present values, in order of registration. */
  samples(): MetricSample[];
}

class Series implements Counter, Gauge {
  value = 0;
  add(amount: number): void {
    this.value += amount;
  }
  set(value: number): void {
    this.value = value;
  }
}

/** A registry that keeps its series in memory. */
export function createMetricRegistry(): MetricRegistry {
  const byKey = new Map<string, { options: MetricOptions; series: Series }>();
  const register = (options: MetricOptions): Series => {
    const key = `${options.name}${JSON.stringify(Object.entries(options.labels ?? {}).sort())}`;
    let entry = byKey.get(key);
    if (entry === undefined) {
      entry = { options, series: new Series() };
      byKey.set(key, entry);
    }
    return entry.series;
  };
  return {
    counter: register,
    gauge: register,
    samples: () =>
      [...byKey.values()].map(({ options, series }) => ({
        name: options.name,
        labels: options.labels ?? {},
        value: series.value,
      })),
  };
}
