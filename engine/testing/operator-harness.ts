import { job } from '../api/job.js';
import type { Stream } from '../api/stream.js';
import type { Batch, Sink, Source } from '../connectors/connector.js';
import { InlineHost } from '../control/inline-host.js';
import { checkEndpoints, newRunId, OutputCommit, planJob, runTag } from '../control/prepared-job.js';
import type { RecordType } from '../records/schema.js';

/** Buffers so small that an output is full every other record: an operator has to stop and go on all the time. */
const TIGHT_BUFFERS = {
  'taskmanager.memory.segment-size': '256 bytes',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.max-buffers-per-channel': 1,
  'pipeline.operator-chaining.enabled': false,
};

export interface HarnessOptions {
  /** Decides in which order tasks take their steps. Default 1. */
  readonly seed?: number;
}

/**
 * Drives operators by hand: rows and watermarks go in one by one, and what comes out of each is there to be looked at.
 *
 * The operators run unchained in the calling thread, behind buffers that are full every other record. At every pause
 * their keyed state is written down, forgotten, and restored.
 */
export interface OperatorHarness<I extends object, O extends object> {
  /** Gives rows to the operators, in order, and lets them work until they are done. @returns what came out */
  push(...rows: readonly I[]): O[];
  /**
   * Gives a watermark: no row at or before this time will follow. Operators below an `eventTime` ignore it, as they
   * take theirs from the rows.
   *
   * @param watermarkMs  milliseconds since the epoch
   * @returns  what came out
   */
  watermark(watermarkMs: number): O[];
  /** Lets processing time pass, which stands still otherwise. @returns what came out */
  advance(byMs: number): O[];
  /** Keys that have a state or a timer, of all operators. */
  readonly keyCount: number;
  /** Given to side outputs that nobody reads, or skipped since a function failed at them. */
  readonly droppedRecords: number;
  /** Ends the input. @returns what came out */
  end(): Promise<O[]>;
}

/**
 * @param schema  rows that go in
 * @param build   from the stream of them to the stream that comes out
 * @throws SluiceError  what is wrong with the operators; also from every call, what a user function threw
 */
export async function operatorHarness<I extends object, O extends object>(
  schema: RecordType<I>,
  build: (stream: Stream<I>) => Stream<O>,
  options: HarnessOptions = {},
): Promise<OperatorHarness<I, O>> {
  const rowsIn: object[][] = [];
  let rowsOut: O[] = [];
  let hasEnded = false;
  const subject = job('harness', { inputs: { rows: schema } }, ({ rows }) => ({
    out: build(rows as Stream<I>),
  }));
  const planned = planJob(subject, {
    params: {},
    inputs: { rows: queueSource(() => (hasEnded ? null : rowsIn.shift())) },
    sinks: { out: listSink((row) => rowsOut.push(row as O)) },
    optionLayers: [{ origin: 'operatorHarness()', values: { ...TIGHT_BUFFERS, 'parallelism.default': 1 } }],
  });
  const prepared = await checkEndpoints(planned);
  const runId = runTag(newRunId());
  const host = new InlineHost(prepared, options.seed ?? 1, runId);
  const take = (): O[] => {
    const taken = rowsOut;
    rowsOut = [];
    return taken;
  };
  const settle = (): void => host.settle(() => host.rebuildState());
  const settled = (): O[] => {
    settle();
    return take();
  };
  return {
    push: (...rows) => {
      if (rows.length > 0) rowsIn.push([...rows] as object[]);
      return settled();
    },
    get keyCount() {
      return host.keyCount;
    },
    get droppedRecords() {
      return host.droppedRecords;
    },
    advance: (byMs) => {
      settle();
      host.advance(byMs);
      return settled();
    },
    watermark: (watermarkMs) => {
      settle();
      host.emitWatermark(watermarkMs);
      return settled();
    },
    end: async () => {
      settle();
      hasEnded = true;
      await host.run(new OutputCommit(prepared.sinks, runId));
      return take();
    },
  };
}

/** @param next  the next rows; undefined: none yet; null: none any more */
function queueSource(next: () => object[] | null | undefined): Source {
  const poll = (): Batch | null => {
    const rows = next();
    if (rows === null) return null;
    if (rows === undefined) return { kind: 'wait', untilMs: Number.POSITIVE_INFINITY };
    return { kind: 'rows', length: rows.length, rows };
  };
  return {
    urn: 'sluice:harness',
    label: 'rows',
    options: null,
    schema: null,
    bounded: true,
    batchKind: 'rows',
    paths: [],
    discover: async () => ({ splits: [{ id: 'rows', state: null }] }),
    createReader: () => ({ open: () => {}, poll, close: () => {} }),
  };
}

function listSink(accept: (row: object) => void): Sink {
  return {
    urn: 'sluice:harness',
    label: 'list',
    options: null,
    path: null,
    check: async () => {},
    createWriter: () => ({ write: accept, flush: () => {}, prepareCommit: () => null, close: () => {} }),
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}
