/** What all queries have in common: where events come from, and where rows go. */
import { join } from 'node:path';
import { type Duration, type RecordType, SluiceError, t } from 'sluice';
import { generate, ndjson, type Sink, type Source } from 'sluice/connectors';
import { auctionMaker, bidMaker, type EventStyle, personMaker } from './event-makers.js';
import { type EventKind, EventOrder, GROUP_MAX, GROUP_STEP } from './event-order.js';
import { jsonLines } from './json-lines.js';
import { Auction, Bid, Person } from './records.js';
import { digestFile } from './row-digest.js';

/** The events of a job: those of a folder, or generated ones. */
export const EVENT_PARAMS = {
  /** A folder of `person.jsonl`, `auction.jsonl` and `bid.jsonl`. */
  input: t.nullable(t.string),
  /** Events to generate, of all kinds. */
  events: t.int64.default(1_000_000),
  seed: t.int64.default(1),
  /** Events in a second of event time. */
  rate: t.float64.default(10_000),
  startTime: t.timestamp.default(Date.UTC(2015, 6, 15)),
  /** Each group of so many events comes in another order than it happened; 1: all come in order. */
  outOfOrderGroup: t.int32.default(1),
};

/** Parameters of every query. */
export const queryParams = (query: string) => ({
  ...EVENT_PARAMS,
  output: t.string.default(`out/nexmark-${query}.ndjson`),
  /** Writes a digest of the rows rather than the rows. */
  digest: t.bool.default(false),
});

/** Of queries whose results are by key: `final`, or `changes`, all that they have been. */
export const EMIT_PARAM = { emit: t.string.default('final') };

/** Of queries by event time: how much older than the newest an event may be before it is late. */
export const TIME_PARAM = { outOfOrderness: t.string.default('4s') };

/** The arguments of `eventTime` for records that have theirs in `date_time`. */
export const eventTime = ({ outOfOrderness }: { readonly outOfOrderness: string }) =>
  ['date_time', { outOfOrderness: outOfOrderness as Duration }] as const;

/** No event is as late: a timer of event time for it fires at the end of the input. */
export const AT_END = Number.MAX_SAFE_INTEGER;

/** @throws SluiceError ARGUMENT_INVALID */
export function emitOf({ emit }: { readonly emit: string }): { readonly emit: 'changes' | 'final' } {
  if (emit === 'changes' || emit === 'final') return { emit };
  throw new SluiceError('ARGUMENT_INVALID', `nexmark: emit is changes or final, not '${emit}'`);
}

export interface EventParams {
  readonly input: string | null;
  readonly events: number;
  readonly seed: number;
  readonly rate: number;
  readonly startTime: number;
  readonly outOfOrderGroup: number;
}

export const persons = (params: EventParams): Source<typeof Person.row> =>
  eventSource('person', Person, personMaker, params);

export const auctions = (params: EventParams): Source<typeof Auction.row> =>
  eventSource('auction', Auction, auctionMaker, params);

export const bids = (params: EventParams): Source<typeof Bid.row> =>
  eventSource('bid', Bid, bidMaker, params);

function eventSource<R extends object>(
  kind: EventKind,
  schema: RecordType<R>,
  makerOf: (style: EventStyle) => (event: number) => R,
  params: EventParams,
): Source<R> {
  if (params.input !== null) return jsonLines(join(params.input, `${kind}.jsonl`), schema);
  checkParams(params);
  const order = new EventOrder(params, kind);
  const make = makerOf({ seed: params.seed, rate: params.rate, startMs: params.startTime });
  const source = generate({ schema, count: order.count, make: (index) => make(order.eventAt(index)) });
  return { ...source, urn: `nexmark:${kind}s`, label: `${kind}s` };
}

function checkParams({ events, rate, outOfOrderGroup }: EventParams): void {
  const faults = [
    events >= 0 || 'events is not below 0',
    (rate > 0 && Number.isFinite(rate)) || 'rate is above 0',
    (outOfOrderGroup >= 1 && outOfOrderGroup <= GROUP_MAX && outOfOrderGroup % GROUP_STEP !== 0) ||
      `outOfOrderGroup is from 1 to ${GROUP_MAX}, and no multiple of ${GROUP_STEP}`,
  ];
  const fault = faults.find((each) => each !== true);
  if (fault !== undefined) throw new SluiceError('ARGUMENT_INVALID', `nexmark: ${fault}`);
}

/** Where the rows of a query go. */
export function results<R extends object>(params: {
  readonly output: string;
  readonly digest: boolean;
}): Sink<R> {
  return params.digest ? digestFile(params.output) : ndjson(params.output, { createFolder: true });
}
