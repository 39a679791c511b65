/** What comes in at `events` goes out doubled at `doubled`, and summed by name at `totals`. */
import { job, sum, t } from 'sluice';

const Event = t.record({ name: t.string, amount: t.int64, big: t.nullable(t.bigint) });

export default job('echo', { inputs: { events: Event } }, ({ events }) => ({
  doubled: events.map(Event, (e) => ({ name: e.name, amount: e.amount * 2, big: e.big })),
  totals: events.keyBy('name').aggregate({ total: sum('amount'), big: sum('big') }, { emit: 'final' }),
}));
