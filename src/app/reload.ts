/**
 * SIGHUP: the configuration is read again from where it came from, what can change while the pool runs is applied, and
 * the log says of each key what became of it. A configuration that is wrong changes nothing.
 */

import { AditError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { type Config, type LoadedValues, type LogLevel, toConfig } from "./config.ts";
import { type ConfigValue, LOG_LEVELS } from "./config-schema.ts";
import { configuredValue, nodeNumbers, type Values } from "./config-values.ts";
import { UsageError } from "./errors.ts";
import { RELOADED_KEYS, RESTART_KEYS } from "./reload-keys.ts";

export type ReloaderOptions = {
  /** What the pool is started with. */
  readonly loaded: LoadedValues;
  /** Reads it again. @throws {UsageError} */
  readonly load: () => LoadedValues;
  /** Has the pool run on with that configuration, but for the level of the log. */
  readonly apply: (config: Config) => void;
  readonly setLevel: (level: LogLevel) => void;
};

type Running = LoadedValues & { readonly config: Config };
type Change = { readonly key: string; readonly from: ConfigValue; readonly to: ConfigValue };

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #logger: Logger;
  #running: Running;

  constructor(options: ReloaderOptions, context: { readonly logger: Logger }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#running = { ...options.loaded, config: toConfig(options.loaded.values) };
  }

  /** Never throws. */
  reload(): void {
    try {
      this.#reload();
    } catch (error) {
      // Of an operator's mistake the sentence says all; a fault of ours needs its stack.
      this.#logger.error("configuration not reloaded", { error: error instanceof AditError ? error.message : error });
    }
  }

  #reload(): void {
    const before = this.#running;
    const loaded = this.#read();
    const kept = restartKeysThatDiffer(before.values, loaded.values);
    const next = merged(before, loaded, kept);
    const changes = RELOADED_KEYS.flatMap((key) => changeOf(key, before, next));
    if (changes.length > 0) this.#options.apply(next.config);
    this.#running = next;
    this.#setLevel(before.config.log.level, next.config.log.level, () => this.#say(changes, kept));
  }

  /** @throws {UsageError} where it is wrong, by itself. */
  #read(): LoadedValues {
    const loaded = this.#options.load();
    const { file } = this.#running;
    if (file !== undefined && loaded.file === undefined) {
      throw new UsageError("config-file", `the configuration file "${file}" is gone: it has to be there again`);
    }
    toConfig(loaded.values);
    return loaded;
  }

  /** So that what is said shows on whichever of the two levels shows more. */
  #setLevel(from: LogLevel, to: LogLevel, say: () => void): void {
    const step = LOG_LEVELS.indexOf(to) - LOG_LEVELS.indexOf(from);
    if (step < 0) this.#options.setLevel(to);
    say();
    if (step > 0) this.#options.setLevel(to);
  }

  #say(changes: readonly Change[], kept: readonly string[]): void {
    for (const change of changes) this.#logger.info("configuration reloaded", change);
    for (const key of kept) this.#logger.warn("configuration not reloaded: a restart is needed", { key });
    if (changes.length + kept.length === 0) this.#logger.info("configuration reloaded: nothing changed");
  }
}

/** The keys that can change as they are now, the others as they were. @throws {UsageError} where they do not go together. */
function merged(before: Running, now: LoadedValues, kept: readonly string[]): Running {
  const isReloaded = ([path]: readonly [string, ConfigValue]): boolean => RELOADED_KEYS.includes(path);
  const stay = [...before.values].filter((entry) => !isReloaded(entry));
  const values = new Map([...stay, ...[...now.values].filter(isReloaded)]);
  try {
    return { values, file: now.file, config: toConfig(values) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = `${error.message}, since ${kept.join(", ")} can change by a restart alone`;
    throw new UsageError(error.code, message, error);
  }
}

/** Paths that differ among those that need a restart; a node that came or went as a whole is `node.1`. */
function restartKeysThatDiffer(before: Values, now: Values): string[] {
  const differs = (path: string): boolean => configuredValue(before, path) !== configuredValue(now, path);
  const ofNodes = RESTART_KEYS.filter((key) => key.startsWith("node."));
  const keys = RESTART_KEYS.filter((key) => !key.startsWith("node.") && differs(key));
  const [nodesBefore, nodesNow] = [nodeNumbers(before), nodeNumbers(now)];
  for (const number of new Set([...nodesBefore, ...nodesNow])) {
    const node = `node.${number}`;
    if (nodesBefore.includes(number) !== nodesNow.includes(number)) keys.push(node);
    else keys.push(...ofNodes.map((key) => key.replace("node", node)).filter(differs));
  }
  return keys;
}

function changeOf(key: string, before: Running, now: Running): Change[] {
  const [from, to] = [effective(key, before), effective(key, now)];
  return from === to ? [] : [{ key, from, to }];
}

/** As it takes effect: the default of one key depends on others. */
function effective(key: string, { values, config }: Running): ConfigValue {
  return key === "mining.min_difficulty" ? config.mining.minDifficulty : configuredValue(values, key);
}
