import { SluiceError, whatOf } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';
import {
  type EngineOptions,
  FLINK_FAMILIES_WITHOUT_MEANING,
  FLINK_KEYS_WITHOUT_MEANING,
  OPTIONS,
  type OptionKey,
  type OptionLayer,
  type OptionValue,
  optionRow,
} from '../../base/option-catalogue.js';
import { formatOption, formatSizeShort, parseOption } from './option-values.js';

/**
 * From what was written in several places to one complete set of options.
 *
 * Runs in: the main thread.
 */

/** What null defaults come to on this machine. */
export interface OptionSurroundings {
  readonly cores: number;
  readonly memoryBytes: number;
  /** For people: `limit of the cgroup`. */
  readonly memoryOrigin: string;
}

/** One line of `sluice plan <job> --options`. */
export interface EffectiveOption {
  readonly key: OptionKey;
  /** As it would be written; `auto` where it is worked out later. */
  readonly value: string;
  /** `default`, or the layer it is from, with the older name it was given under. */
  readonly origin: string;
  readonly meaning: string;
}

export interface EffectiveOptions {
  readonly options: EngineOptions;
  readonly entries: readonly EffectiveOption[];
  /** Things to tell once, such as options of Flink that mean nothing here. */
  readonly notices: readonly string[];
}

interface Found {
  readonly value: OptionValue;
  readonly origin: string;
}

/**
 * Merges layers of options and fills in the defaults.
 *
 * @param layers  the strongest first; each option is taken from the first layer that has it
 * @throws SluiceError OPTION_UNKNOWN      no option has this name; the nearest is in the message
 * @throws SluiceError OPTION_INVALID      a value cannot be read or is outside its range
 * @throws SluiceError PARALLELISM_INVALID the same for the two options of parallelism
 *         All faults of all layers are found; with several, the error has the first one's code and all in `errors`.
 */
export function effectiveOptions(
  layers: readonly OptionLayer[],
  surroundings: OptionSurroundings,
): EffectiveOptions {
  const found = new Map<OptionKey, Found>();
  const faults: SluiceError[] = [];
  const notices: string[] = [];
  for (const layer of layers) {
    const meaningless: string[] = [];
    // Current names go first, so that within a layer they win over older ones.
    const named = Object.entries(layer.values).map(([written, value]) => ({
      written,
      value,
      key: keyOf(written),
    }));
    named.sort((a, b) => rankOfName(a.written, a.key) - rankOfName(b.written, b.key));
    for (const { written, value, key } of named) {
      if (value === undefined || value === null) continue;
      if (key === null) {
        if (isMeaninglessHere(written)) meaningless.push(written);
        else faults.push(unknown(written, layer.origin));
        continue;
      }
      try {
        const origin = key === written ? layer.origin : `${layer.origin} as ${written}`;
        for (const [target, parsed] of meaningOf(written, key, value, layer.origin)) {
          if (!found.has(target)) found.set(target, { value: parsed, origin });
        }
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        faults.push(error);
      }
    }
    if (meaningless.length > 0) {
      notices.push(
        `${layer.origin}: options of Flink without a meaning here are ignored: ${meaningless.sort().join(', ')}`,
      );
    }
  }
  checkTogether(found, faults);
  if (faults.length === 1) throw faults[0]!;
  if (faults.length > 1) throw together(faults);
  return { options: complete(found, surroundings), entries: entriesOf(found, surroundings), notices };
}

/** All options, none given: for tests and for `--help`. */
export function allOptionKeys(): readonly OptionKey[] {
  return Object.keys(OPTIONS) as OptionKey[];
}

/** Flink 1 wrote one option where there are two now. */
const BUFFER_TIMEOUT_OF_FLINK_1 = 'execution.buffer-timeout';

const KEYS_BY_NAME: ReadonlyMap<string, OptionKey> = new Map<string, OptionKey>([
  ...allOptionKeys().flatMap((key) => [
    [key, key] as const,
    ...optionRow(key).was.map((name) => [name, key] as const),
  ]),
  [BUFFER_TIMEOUT_OF_FLINK_1, 'execution.buffer-timeout.interval'],
]);

function keyOf(written: string): OptionKey | null {
  return KEYS_BY_NAME.get(written) ?? null;
}

function rankOfName(written: string, key: OptionKey | null): number {
  if (key === null || written === key) return 0;
  return 1 + optionRow(key).was.indexOf(written);
}

/** What a written option sets: itself, but for the one that became two. */
function meaningOf(
  written: string,
  key: OptionKey,
  value: unknown,
  origin: string,
): readonly (readonly [OptionKey, OptionValue])[] {
  if (written === BUFFER_TIMEOUT_OF_FLINK_1 && /^-\s*1(\s*ms)?$/.test(String(value))) {
    return [['execution.buffer-timeout.enabled', false]];
  }
  return [[key, parseOption(key, value, origin)]];
}

function isMeaninglessHere(written: string): boolean {
  return (
    (FLINK_KEYS_WITHOUT_MEANING as readonly string[]).includes(written) ||
    FLINK_FAMILIES_WITHOUT_MEANING.some((family) => written.startsWith(family))
  );
}

function unknown(written: string, origin: string): SluiceError {
  const names = [...KEYS_BY_NAME.keys()];
  const what = `${origin}: there is no option '${written}'${didYouMean(written, names)}`;
  return new SluiceError('OPTION_UNKNOWN', what, {
    detail: { option: written, origin },
  });
}

function checkTogether(found: ReadonlyMap<OptionKey, Found>, faults: SluiceError[]): void {
  const min = given(found, 'taskmanager.memory.network.min') as number;
  const max = given(found, 'taskmanager.memory.network.max') as number;
  if (min > max) {
    faults.push(
      new SluiceError(
        'OPTION_INVALID',
        `taskmanager.memory.network.min (${formatOption('taskmanager.memory.network.min', min)}) is more than ` +
          `taskmanager.memory.network.max (${formatOption('taskmanager.memory.network.max', max)})`,
      ),
    );
  }
  const exclusive = given(found, 'taskmanager.network.memory.buffers-per-channel');
  const floating = given(found, 'taskmanager.network.memory.floating-buffers-per-gate');
  if (exclusive === 0 && floating === 0) {
    faults.push(
      new SluiceError(
        'OPTION_INVALID',
        'taskmanager.network.memory.buffers-per-channel and taskmanager.network.memory.floating-buffers-per-gate ' +
          'are both 0: no channel would ever have a credit',
      ),
    );
  }
  const parallelism = given(found, 'parallelism.default');
  const maxParallelism = given(found, 'pipeline.max-parallelism');
  if (parallelism !== null && maxParallelism !== null && parallelism > maxParallelism) {
    faults.push(
      new SluiceError(
        'PARALLELISM_INVALID',
        `the parallelism ${parallelism} is more than the maximum parallelism ${maxParallelism}`,
        { detail: { parallelism: Number(parallelism), maxParallelism: Number(maxParallelism) } },
      ),
    );
  }
}

function together(faults: readonly SluiceError[]): SluiceError {
  const what = `${faults.length} options are wrong\n  ${faults.map(whatOf).join('\n  ')}`;
  return new SluiceError(faults[0]!.code, what, { errors: faults });
}

function given(found: ReadonlyMap<OptionKey, Found>, key: OptionKey): OptionValue {
  const entry = found.get(key);
  return entry === undefined ? optionRow(key).default : entry.value;
}

function complete(found: ReadonlyMap<OptionKey, Found>, surroundings: OptionSurroundings): EngineOptions {
  const number = (key: OptionKey): number | null => given(found, key) as number | null;
  const count = (key: OptionKey): number => given(found, key) as number;
  const isOn = (key: OptionKey): boolean => given(found, key) as boolean;
  const maxParallelism = number('pipeline.max-parallelism');
  return {
    parallelism:
      number('parallelism.default') ?? Math.min(surroundings.cores, maxParallelism ?? surroundings.cores),
    maxParallelism,
    chaining: isOn('pipeline.operator-chaining.enabled'),
    autoWatermarkIntervalMs: count('pipeline.auto-watermark-interval'),
    bufferTimeoutMs: isOn('execution.buffer-timeout.enabled')
      ? count('execution.buffer-timeout.interval')
      : null,
    networkFraction: count('taskmanager.memory.network.fraction'),
    networkBytesMin: count('taskmanager.memory.network.min'),
    networkBytesMax: count('taskmanager.memory.network.max'),
    segmentBytes: count('taskmanager.memory.segment-size'),
    exclusivePerChannel: count('taskmanager.network.memory.buffers-per-channel'),
    floatingPerGate: count('taskmanager.network.memory.floating-buffers-per-gate'),
    buffersPerSubpartitionMax: count('taskmanager.network.memory.max-buffers-per-channel'),
    overdraftPerPartition: count('taskmanager.network.memory.max-overdraft-buffers-per-gate'),
    recordBytesMax: count('sluice.record.max-size'),
    categoryValuesMax: count('sluice.category.max-values'),
    categoryBytesMax: count('sluice.category.max-size'),
    debloat: isOn('taskmanager.network.memory.buffer-debloat.enabled')
      ? {
          targetMs: count('taskmanager.network.memory.buffer-debloat.target'),
          periodMs: count('taskmanager.network.memory.buffer-debloat.period'),
          samples: count('taskmanager.network.memory.buffer-debloat.samples'),
          threshold: count('taskmanager.network.memory.buffer-debloat.threshold-percentages') / 100,
          bufferBytesMin: count('taskmanager.memory.min-segment-size'),
        }
      : null,
    latencyIntervalMs: count('metrics.latency.interval'),
    catchUpMs: count('sluice.source.catch-up'),
    watchdogAction: given(found, 'sluice.watchdog.action') as EngineOptions['watchdogAction'],
    watchdogIntervalMs: count('sluice.watchdog.interval'),
    stuckAfterMs: count('sluice.watchdog.stuck-after'),
    adaptivePartitioner: isOn('taskmanager.network.adaptive-partitioner.enabled'),
    http: {
      port: count('rest.port'),
      address: given(found, 'rest.bind-address') as string,
      allowOrigin: given(found, 'web.access-control-allow-origin') as string | null,
      refreshIntervalMs: count('web.refresh-interval'),
      canCancel: isOn('web.cancel.enable'),
    },
    flameGraphs: isOn('rest.flamegraph.enabled'),
    flameGraphFreshMs: count('rest.flamegraph.refresh-interval'),
    attach: isOn('sluice.attach'),
    memoryBytes: number('sluice.memory') ?? surroundings.memoryBytes,
    taskHeapBytes: number('sluice.task.heap-size'),
  };
}

function entriesOf(
  found: ReadonlyMap<OptionKey, Found>,
  surroundings: OptionSurroundings,
): readonly EffectiveOption[] {
  const workedOut: Partial<Record<OptionKey, readonly [string, string]>> = {
    'parallelism.default': [String(surroundings.cores), 'one per core'],
    'sluice.memory': [formatSizeShort(surroundings.memoryBytes), surroundings.memoryOrigin],
  };
  return allOptionKeys().map((key) => {
    const entry = found.get(key);
    const row = optionRow(key);
    const value = entry === undefined ? row.default : entry.value;
    const auto = value === null ? workedOut[key] : undefined;
    const source = entry === undefined ? 'default' : entry.origin;
    return {
      key,
      value: auto !== undefined ? auto[0] : value === null ? 'auto' : formatOption(key, value),
      origin: value === null ? `${source}: ${auto?.[1] ?? row.auto}` : source,
      meaning: row.meaning,
    };
  });
}
