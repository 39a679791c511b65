/** Named ends for an application: what comes in goes out, by several ways; and numbers without end. */
import { count, job, sum, t, tumbling, windowStart } from 'sluice';
import { generate } from 'sluice/connectors';

const Event = t.record({ user: t.string, n: t.int64, at: t.timestamp, note: t.nullable(t.string) });
const Tick = t.record({ n: t.int64 });

export default job(
  'relay',
  {
    params: { failAt: t.int64.default(-1), ticks: t.bool.default(false), rate: t.float64.default(0) },
    inputs: { events: Event },
  },
  ({ from, events }, { failAt, ticks, rate }) => ({
    same: events.map(Event, (e) => {
      if (e.n === failAt) throw new RangeError(`${e.n} is not wanted`);
      return { user: e.user, n: e.n, at: e.at, note: e.note };
    }),
    sums: events.keyBy('user').aggregate({ events: count(), total: sum('n') }),
    hourly: events
      .eventTime('at')
      .keyBy('user')
      .window(tumbling('1h'))
      .aggregate({ hour: windowStart(), events: count() }),
    numbers: from(
      generate({ schema: Tick, make: (n) => ({ n }), ...(ticks ? {} : { count: 10 }) }),
      rate > 0 ? { ratePerSecond: rate } : {},
    )
      .uid('numbers')
      .map(Tick, ({ n }) => ({ n })),
  }),
);
