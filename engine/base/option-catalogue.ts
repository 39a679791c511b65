/**
 * Every option there is: the one place for names, defaults, ranges and meanings.
 *
 * Keys, defaults and value syntax are Flink's where Flink has the option; `was` lists its older names. A default of
 * null is worked out when the job starts. Sizes are in bytes and durations in milliseconds once parsed.
 */

export type OptionType = 'count' | 'switch' | 'ratio' | 'size' | 'duration' | 'choice' | 'text';

/** A value as it is parsed; null: worked out when the job starts. */
export type OptionValue = number | boolean | string | null;

interface OptionRow {
  readonly type: OptionType;
  /** Null: worked out when the job starts, as `auto` says. */
  readonly default: OptionValue;
  /** For people: what null comes to. */
  readonly auto?: string;
  /** Inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** A number outside the range that is legal nevertheless, and stands for `auto`. */
  readonly autoValue?: number;
  /** Sizes: a multiple of this. */
  readonly multipleOf?: number;
  /** Choices: all there are. */
  readonly choices?: readonly string[];
  readonly was: readonly string[];
  readonly meaning: string;
}

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

// biome-ignore format: a table
export const OPTIONS = {
  'parallelism.default':
    { type: 'count', default: null, auto: 'one per core', min: 1, max: 32768, was: [],
      meaning: 'Subtasks of each operator that does not say its own.' },
  'pipeline.max-parallelism':
    { type: 'count', default: null, auto: 'from the parallelism, at least 128', min: 1, max: 32768, autoValue: -1, was: [],
      meaning: 'Key groups: the most subtasks keyed state can ever be spread over.' },
  'pipeline.operator-chaining.enabled':
    { type: 'switch', default: true, was: ['pipeline.operator-chaining'],
      meaning: 'Run operators that pass records one to one in one task.' },
  'pipeline.auto-watermark-interval':
    { type: 'duration', default: 200, min: 0, was: [],
      meaning: 'How often sources emit watermarks.' },
  'execution.buffer-timeout.enabled':
    { type: 'switch', default: true, was: [],
      meaning: 'Send buffers that are not full after execution.buffer-timeout.interval; if not, only full ones.' },
  'execution.buffer-timeout.interval':
    { type: 'duration', default: 100, min: 0, was: [],
      meaning: 'The longest a record waits in a buffer that is not full; 0 ms: not at all.' },
  'taskmanager.memory.network.fraction':
    { type: 'ratio', default: 0.1, min: 0, max: 1, was: ['taskmanager.network.memory.fraction'],
      meaning: 'Network memory as a share of the memory that the heaps of the tasks leave.' },
  'taskmanager.memory.network.min':
    { type: 'size', default: 64 * MB, min: 0, was: ['taskmanager.network.memory.min'],
      meaning: 'The least network memory.' },
  'taskmanager.memory.network.max':
    { type: 'size', default: Number.POSITIVE_INFINITY, min: 0, was: ['taskmanager.network.memory.max'],
      meaning: 'The most network memory.' },
  'taskmanager.memory.segment-size':
    { type: 'size', default: 32 * KB, min: 256, max: 16 * MB, multipleOf: 8, was: [],
      meaning: 'One buffer between two tasks; larger records travel in pieces.' },
  'taskmanager.network.memory.buffers-per-channel':
    { type: 'count', default: 2, min: 0, max: 1024, was: [],
      meaning: 'Credits that belong to one channel alone; 0 only with floating buffers. Lowered if memory is short.' },
  'taskmanager.network.memory.floating-buffers-per-gate':
    { type: 'count', default: 8, min: 0, max: 1024, was: [],
      meaning: 'Credits that a gate gives to whichever of its channels have more to send.' },
  'taskmanager.network.memory.max-buffers-per-channel':
    { type: 'count', default: 10, min: 1, max: 1024, was: [],
      meaning: 'Buffers a subpartition may hold before its task counts as backpressured.' },
  'taskmanager.network.memory.max-overdraft-buffers-per-gate':
    { type: 'count', default: 20, min: 0, max: 1024, was: [],
      meaning: 'Buffers that only a record already begun may use. Lowered first if memory is short.' },
  'taskmanager.network.memory.buffer-debloat.enabled':
    { type: 'switch', default: false, was: [],
      meaning: 'Keep so much data between tasks as is read within a target time, and no more.' },
  'taskmanager.network.memory.buffer-debloat.target':
    { type: 'duration', default: 1000, min: 1, was: [],
      meaning: 'The time within which data between two tasks should be read.' },
  'taskmanager.network.memory.buffer-debloat.period':
    { type: 'duration', default: 200, min: 1, was: [],
      meaning: 'How often the throughput of a task is looked at.' },
  'taskmanager.network.memory.buffer-debloat.samples':
    { type: 'count', default: 20, min: 1, max: 1000, was: [],
      meaning: 'Periods that the throughput is averaged over.' },
  'taskmanager.network.memory.buffer-debloat.threshold-percentages':
    { type: 'count', default: 25, min: 0, max: 100, was: [],
      meaning: 'A buffer size is changed if it changes by at least this share.' },
  'taskmanager.memory.min-segment-size':
    { type: 'size', default: 256, min: 64, max: 16 * MB, multipleOf: 8, was: [],
      meaning: 'The least a buffer is filled with when debloating.' },
  'sluice.record.max-size':
    { type: 'size', default: MB, min: 256, max: 256 * MB, multipleOf: 8, was: [],
      meaning: 'The largest record that may pass between two tasks.' },
  'sluice.category.max-values':
    { type: 'count', default: 16_384, min: 0, max: 1_048_576, was: [],
      meaning: 'Different values of all categories of a job that travel as numbers; further ones travel as strings. 0: none.' },
  'sluice.category.max-size':
    { type: 'size', default: MB, min: KB, max: GB, multipleOf: 8, was: [],
      meaning: 'Bytes of these values; further ones travel as strings.' },
  'taskmanager.network.adaptive-partitioner.enabled':
    { type: 'switch', default: true, was: [],
      meaning: 'Let rebalance and rescale spare receivers that are behind; off: strict turns. Off by default in Flink.' },
  'sluice.memory':
    { type: 'size', default: null, auto: 'the limit of the cgroup, or the memory of the machine', min: 64 * MB,
      was: ['taskmanager.memory.process.size', 'taskmanager.memory.flink.size'],
      meaning: 'Memory the job may use in all, heaps of the tasks and network memory; also --memory.' },
  'metrics.latency.interval':
    { type: 'duration', default: 0, min: 0, was: [],
      meaning: 'How often each subtask of a source sends a marker that tells how long records are on their way, and where; 0: never.' },
  'sluice.source.catch-up':
    { type: 'duration', default: 100, min: 1, was: [],
      meaning: 'What a source with a rate that was held back may catch up with: what the rate brings in this time.' },
  'sluice.watchdog.action':
    { type: 'choice', default: 'warn', choices: ['warn', 'fail', 'off'], was: [],
      meaning: 'What follows when tasks wait for ever or a function does not come back: a warning, the end of the run, or nothing.' },
  'sluice.watchdog.interval':
    { type: 'duration', default: 1000, min: 1, max: 3_600_000, was: [],
      meaning: 'How often it is looked whether tasks wait for each other.' },
  'sluice.watchdog.stuck-after':
    { type: 'duration', default: 60_000, min: 1, was: [],
      meaning: 'How long a function may take before it is told.' },
  'rest.port':
    { type: 'count', default: 8081, min: 0, max: 65_535, was: ['web.port'],
      meaning: 'Where a run that is served answers HTTP; also --serve. 0: any free port.' },
  'rest.bind-address':
    { type: 'text', default: '127.0.0.1', was: ['web.address', 'jobmanager.web.address'],
      meaning: 'The address it does so at; 0.0.0.0: every one of this machine.' },
  'web.access-control-allow-origin':
    { type: 'text', default: null, auto: 'none', was: ['jobmanager.web.access-control-allow-origin'],
      meaning: 'Whose pages in a browser may read it: an origin, or *. Default of Flink: *.' },
  'web.refresh-interval':
    { type: 'duration', default: 3000, min: 100, was: ['jobmanager.web.refresh-interval'],
      meaning: 'How often a dashboard shall ask.' },
  'web.cancel.enable':
    { type: 'switch', default: true, was: [],
      meaning: 'Let whoever has the token stop and cancel runs by HTTP.' },
  'rest.flamegraph.enabled':
    { type: 'switch', default: true, was: [],
      meaning: 'Draw the flame graphs that are asked for by HTTP, which costs the tasks some time. Off by default in Flink.' },
  'rest.flamegraph.refresh-interval':
    { type: 'duration', default: 60_000, min: 1_000, was: [],
      meaning: 'A flame graph so old is shown once more, and a new one drawn for whoever asks next.' },
  'sluice.attach':
    { type: 'switch', default: true, was: [],
      meaning: 'Let other programs of the same user find the run: sluice ls, sluice stop.' },
  'sluice.task.heap-size':
    { type: 'size', default: null, auto: 'half of the memory shared among the tasks, 64 mb to 4 gb', min: 16 * MB, max: 64 * GB, was: [],
      meaning: 'The most memory the objects of one task may take.' },
} as const satisfies Record<string, OptionRow>;

export type OptionKey = keyof typeof OPTIONS;

/** The row of a key with its members widened, for code that treats all options alike. */
export function optionRow(key: OptionKey): OptionRow {
  return OPTIONS[key];
}

/** Values as they were written, from one place. */
export interface OptionLayer {
  /** For people: `-D`, `conf/sluice.yaml`, `start()`, `job()`. */
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Every option with its value: what the engine receives. Null: worked out when the number of tasks is known. */
export interface EngineOptions {
  readonly parallelism: number;
  /** Null: derived from the largest parallelism of the job. */
  readonly maxParallelism: number | null;
  readonly chaining: boolean;
  readonly autoWatermarkIntervalMs: number;
  /** Null: buffers are sent only when full. 0: after every step of a task. */
  readonly bufferTimeoutMs: number | null;
  readonly networkFraction: number;
  readonly networkBytesMin: number;
  /** May be Infinity. */
  readonly networkBytesMax: number;
  readonly segmentBytes: number;
  readonly exclusivePerChannel: number;
  readonly floatingPerGate: number;
  readonly buffersPerSubpartitionMax: number;
  readonly overdraftPerPartition: number;
  readonly recordBytesMax: number;
  /** 0: categories travel as strings. */
  readonly categoryValuesMax: number;
  readonly categoryBytesMax: number;
  /** Null: buffers are always filled whole. */
  readonly debloat: DebloatOptions | null;
  /** 0: no markers. */
  readonly latencyIntervalMs: number;
  readonly catchUpMs: number;
  readonly watchdogAction: 'warn' | 'fail' | 'off';
  readonly watchdogIntervalMs: number;
  readonly stuckAfterMs: number;
  /** False: rebalance and rescale go in strict turn. */
  readonly adaptivePartitioner: boolean;
  readonly http: HttpOptions;
  /** Whoever asks by HTTP has tasks profiled. */
  readonly flameGraphs: boolean;
  readonly flameGraphFreshMs: number;
  /** Other programs of the same user can find the run. */
  readonly attach: boolean;
  readonly memoryBytes: number;
  /** Null: a share of the memory, see `networkMemory`. */
  readonly taskHeapBytes: number | null;
}

/** How a run that is served answers HTTP. */
export interface HttpOptions {
  readonly port: number;
  readonly address: string;
  /** Null: no page in a browser may read it. */
  readonly allowOrigin: string | null;
  readonly refreshIntervalMs: number;
  readonly canCancel: boolean;
}

/** How much data may be between two tasks, by time. */
export interface DebloatOptions {
  readonly targetMs: number;
  readonly periodMs: number;
  readonly samples: number;
  /** A share of the size, 0..1. */
  readonly threshold: number;
  readonly bufferBytesMin: number;
}

/**
 * Options of Flink that have no counterpart here. A configuration file that has them is accepted; they are named
 * once. In the families that hold our own options the keys are listed one by one, so that a misspelt one is caught.
 */
// biome-ignore format: a table
export const FLINK_FAMILIES_WITHOUT_MEANING = [
  'akka.', 'blob.', 'classloader.', 'client.', 'cluster.', 'compiler.', 'containerized.', 'env.', 'execution.async-state.',
  'execution.batch.', 'execution.checkpointing.', 'execution.savepoint.', 'execution.state-recovery.', 'fs.', 'heartbeat.',
  'high-availability', 'historyserver.', 'io.', 'jobmanager.', 'jobstore.', 'kubernetes.', 'metrics.', 'pekko.',
  'pipeline.serialization-config', 'pipeline.watermark-alignment.', 'plugin.', 'process.', 'python.', 'queryable-state.', 'resourcemanager.',
  'restart-strategy', 's3.', 'security.', 'slot.', 'slotmanager.', 'source.', 'sql-client.', 'sql-gateway.', 'state.',
  'table.', 'taskmanager.debug.', 'taskmanager.log.', 'taskmanager.memory.framework.', 'taskmanager.memory.jvm-', 'taskmanager.memory.managed.',
  'taskmanager.memory.task.', 'taskmanager.network.hybrid-shuffle.',
 'taskmanager.network.netty.', 'taskmanager.network.request-backoff.', 'taskmanager.network.sort-shuffle.',
  'taskmanager.registration.', 'taskmanager.resource-id', 'yarn.', 'zookeeper.',
] as const;

// biome-ignore format: a table
export const FLINK_KEYS_WITHOUT_MEANING = [
  'execution.attached', 'execution.job-listeners', 'execution.runtime-mode', 'execution.shutdown-on-attached-exit',
  'execution.shutdown-on-application-finish', 'execution.target', 'execution.sorted-inputs.enabled',
  'parallelism.default-slot', 'pipeline.auto-generate-uids', 'pipeline.auto-type-registration', 'pipeline.cached-files', 'pipeline.classpaths',
  'pipeline.closure-cleaner-level', 'pipeline.force-avro', 'pipeline.force-kryo', 'pipeline.generic-types', 'pipeline.global-job-parameters',
  'pipeline.jars', 'pipeline.name', 'pipeline.object-reuse', 'pipeline.jobvertex-parallelism-overrides', 'pipeline.registered-kryo-types',
  'pipeline.operator-chaining.chain-operators-with-different-max-parallelism', 'pipeline.vertex-description-mode',
  'rest.address', 'rest.async.store-duration', 'rest.await-leader-timeout', 'rest.bind-port', 'rest.cache.checkpoint-statistics.size',
  'rest.cache.checkpoint-statistics.timeout', 'rest.client.max-content-length', 'rest.connection-timeout', 'rest.flamegraph.cleanup-interval',
  'rest.flamegraph.delay-between-samples', 'rest.flamegraph.num-samples',
  'rest.flamegraph.stack-depth', 'rest.idleness-timeout', 'rest.path', 'rest.profiling.dir', 'rest.profiling.duration-max', 'rest.profiling.enabled',
  'rest.profiling.history-size', 'rest.retry.delay', 'rest.retry.max-attempts', 'rest.server.max-content-length', 'rest.server.numThreads',
  'rest.server.thread-priority', 'rest.url-prefix',
  'taskmanager.bind-host', 'taskmanager.bind-policy', 'taskmanager.bind-port', 'taskmanager.collect-sink.port', 'taskmanager.cpu.cores', 'taskmanager.data.bind-port',
  'taskmanager.data.port', 'taskmanager.data.ssl.enabled', 'taskmanager.exit-on-fatal-akka-error', 'taskmanager.host', 'taskmanager.jvm-exit-on-oom',
  'taskmanager.load-balance.mode', 'taskmanager.network.adaptive-partitioner.max-traverse-size', 'taskmanager.memory.starting-segment-size',
  'taskmanager.network.batch-shuffle.compression.enabled', 'taskmanager.network.bind-policy', 'taskmanager.network.blocking-shuffle.type',
  'taskmanager.network.compression.codec', 'taskmanager.network.detailed-metrics', 'taskmanager.network.max-num-tcp-connections',
  'taskmanager.network.memory.buffers-request-timeout',
  'taskmanager.network.memory.read-buffer.required-per-gate.max', 'taskmanager.network.numberOfBuffers', 'taskmanager.network.partition-request-timeout',
  'taskmanager.network.retries', 'taskmanager.network.tcp-connection.enable-reuse-across-jobs', 'taskmanager.numberOfTaskSlots', 'taskmanager.partitions.max',
  'taskmanager.rpc.bind-port', 'taskmanager.rpc.port', 'taskmanager.runtime.hashjoin-bloom-filters', 'taskmanager.slot.timeout',
  'task.cancellation.interval', 'task.cancellation.timeout', 'task.cancellation.timers.timeout', 'taskmanager.system-resource.metrics',
  'web.backpressure.cleanup-interval', 'web.backpressure.delay-between-samples', 'web.backpressure.num-samples', 'web.backpressure.refresh-interval',
  'web.checkpoints.history', 'web.exception-history-size', 'web.history', 'web.log.path', 'web.rescale.enable', 'web.ssl.enabled', 'web.submit.enable',
  'web.timeout', 'web.tmpdir', 'web.upload.dir',
] as const;
