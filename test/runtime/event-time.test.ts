import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Batch, Sink, Source } from '../../engine/connectors/connector.js';
import {
  count,
  type EventTimeOptions,
  isSluiceError,
  job,
  type Stream,
  t,
  tumbling,
  windowStart,
} from '../../engine/index.js';
import { operatorHarness, runInline } from '../../engine/testing/index.js';

const times = suite('event time');

const Event = t.record({ at: t.timestamp, key: t.int32, last: t.bool });
type Event = typeof Event.row;
const eventAt = (at: number, last = false): Event => ({ at, key: 0, last });

/** Gives rows at moments of the clock of the host, and ends at the last. */
function timed(
  urn: string,
  moments: readonly (readonly [atMs: number, rows: readonly Event[]])[],
): Source<Event> {
  return {
    ...{ urn, label: urn, options: null, schema: Event, bounded: true, batchKind: 'rows', paths: [] },
    discover: async () => ({ splits: [{ id: '0', state: null }] }),
    createReader: ({ clock }) => {
      let next = 0;
      const poll = (): Batch | null => {
        const moment = moments[next];
        if (moment === undefined) return null;
        const [untilMs, rows] = moment;
        if (clock.monotonicMs() < untilMs) return { kind: 'wait', untilMs };
        next++;
        return { kind: 'rows', length: rows.length, rows: [...rows] };
      };
      return { open: () => {}, poll, close: () => {} };
    },
  };
}

/** Notes what arrives and when, on the clock of the host. */
function noting(): Sink<any> & { readonly notes: string[] } {
  const notes: string[] = [];
  return {
    ...{ urn: 'test:noting', label: 'noting', options: null, path: null, notes },
    check: async () => {},
    createWriter: ({ clock }) => ({
      write: ({ start, n }) => void notes.push(`${start}: ${n} at ${clock.monotonicMs()}`),
      ...{ flush: () => {}, prepareCommit: () => null, close: () => {} },
    }),
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}

/** Windows of a second over a stream that stops for a while and one that goes on. */
async function windowsOf(slowly: EventTimeOptions<Event>): Promise<readonly string[]> {
  const sink = noting();
  const second = (n: number) => [n * 1_000, [eventAt(n * 1_000)]] as const;
  const steady = timed('steady', [1, 2, 3, 4, 5, 6, 7, 8, 9].map(second));
  const slow = timed('slow', [second(1), second(8), second(9)]);
  await runInline(
    job('two', (flow) => {
      flow
        .from(steady)
        .eventTime('at')
        .union(flow.from(slow).eventTime('at', slowly))
        .keyBy('key')
        .window(tumbling('1s'))
        .aggregate({ start: windowStart(), n: count() })
        .to(sink);
    }),
  );
  return sink.notes;
}

times(
  'a stream that stops holds back the windows of all, unless it is said after what time it is idle',
  async () => {
    const held = await windowsOf({});
    assert.equal(held.slice(0, 3), ['1000: 2 at 8000', '2000: 1 at 8000', '3000: 1 at 8000']);
    const idle = await windowsOf({ idleAfter: '1500ms' });
    // It had a row at 1,000, and is idle at 2,500; what the other has come to by then counts.
    assert.equal(idle.slice(0, 4), [
      '1000: 2 at 2500',
      '2000: 1 at 3000',
      '3000: 1 at 4000',
      '4000: 1 at 5000',
    ]);
    assert.is(held.length, 9);
    assert.is(idle.length, 9);
    assert.ok(idle.includes('8000: 2 at 9000'), 'it counts again, and what it brings is not late');
  },
);

times(
  'a task that is woken because it is idle is, whatever fractions its times were added up from',
  async () => {
    const gaps = fc.array(fc.double({ min: 0.001, max: 5_000, noNaN: true }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 3_000 }), async (each, idleMs) => {
        let atMs = 0;
        const moments = each.map((gap) => [(atMs += gap), [eventAt(1)]] as const);
        const sink = noting();
        await runInline(
          job('fractions', (flow) => {
            flow
              .from(timed('fractions', moments))
              .eventTime('at', { idleAfter: `${BigInt(idleMs)}ms` })
              .keyBy('key')
              .window(tumbling('1s'))
              .aggregate({ start: windowStart(), n: count() })
              .to(sink);
          }),
        );
        assert.is(sink.notes.length, 1); // it came to its end
      }),
      { numRuns: 100 },
    );
  },
);

times('a generator gives out watermarks by what it sees in rows', async () => {
  const subject = await operatorHarness(Event, (events) =>
    events
      .eventTime('at', {
        watermarks: () => ({ onEvent: (timestamp, row) => (row.last ? timestamp : undefined) }),
      })
      .keyBy('key')
      .window(tumbling('1s'))
      .aggregate({ start: windowStart(), n: count() }),
  );
  assert.equal(subject.push(eventAt(100), eventAt(5_000), eventAt(900)), []);
  assert.equal(subject.push(eventAt(1_200, true)), [{ key: 0, start: 0, n: 2 }]);
  assert.equal(subject.push(eventAt(300, true)), [], 'late, and its watermark goes back: neither counts');
  assert.equal(await subject.end(), [
    { key: 0, start: 1_000, n: 1 },
    { key: 0, start: 5_000, n: 1 },
  ]);
});

times('a generator is asked between batches too', async () => {
  let made = 0;
  const subject = await operatorHarness(Event, (events) =>
    events
      .eventTime('at', {
        watermarks: () => {
          let seen = Number.NEGATIVE_INFINITY;
          made++;
          return {
            onEvent: (timestamp) => {
              seen = Math.max(seen, timestamp);
              return undefined;
            },
            onPeriodic: () => seen - 2_000,
          };
        },
      })
      .keyBy('key')
      .window(tumbling('1s'))
      .aggregate({ start: windowStart(), n: count() }),
  );
  assert.equal(subject.push(eventAt(100), eventAt(2_500)), []);
  assert.equal(subject.push(eventAt(3_100)), [{ key: 0, start: 0, n: 1 }]);
  assert.ok(made > 1, 'each subtask has its own, and the builder looks at one');
});

async function failureOf(build: (events: Stream<Event>) => Stream<Event>): Promise<string> {
  try {
    await runInline(
      job('bad', { inputs: { events: Event } }, ({ events }) => ({ out: build(events) })),
      { inputs: { events: [eventAt(1)] } },
    );
  } catch (error) {
    assert.ok(isSluiceError(error), String(error));
    return `${error.code}: ${error.message}`;
  }
  return 'nothing failed';
}

times(
  'wrong options are refused, and a watermark that is no time is the fault of its generator',
  async () => {
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ idleAfter: '0ms' }, /PLAN_DURATION_INVALID.*idleAfter is '0ms'/s],
      [{ outOfOrderness: '-1s' }, /PLAN_DURATION_INVALID.*outOfOrderness is '-1s'/s],
      [{ idle: '1s' }, /ARGUMENT_INVALID.*no option 'idle'/s],
      [{ watermarks: () => ({}) }, /ARGUMENT_INVALID.*onEvent/s],
      [{ watermarks: 7 }, /ARGUMENT_INVALID.*a function is expected/s],
      [
        { outOfOrderness: '1s', watermarks: () => ({ onEvent: () => 1 }) },
        /either outOfOrderness or watermarks/,
      ],
      [
        { watermarks: () => ({ onEvent: () => Number.NaN }) },
        /RECORD_FIELD_INVALID.*eventTime at .*the watermark NaN/s,
      ],
      [
        {
          watermarks: () => ({
            onEvent: () => {
              throw new RangeError('no');
            },
          }),
        },
        /USER_FUNCTION_FAILED.*eventTime at .*RangeError: no/s,
      ],
    ];
    for (const [options, message] of refused)
      assert.match(await failureOf((events) => events.eventTime('at', options)), message);
  },
);

times.run();
