/** Query 8: persons who opened an auction in the same ten seconds in which they registered. */
import { job, max, sum, t, tumbling, windowStart } from 'sluice';
import { auctions, eventTime, persons, queryParams, results, TIME_PARAM } from './event-sources.js';

/** A person who registers has a name; one who opens an auction only an id. */
const Action = t.record({ id: t.int64, name: t.nullable(t.string), auctions: t.int32 });

export default job('nexmark-q8', { params: { ...queryParams('q8'), ...TIME_PARAM } }, (flow, params) => {
  const registered = flow
    .from(persons(params))
    .eventTime(...eventTime(params))
    .map(Action, ({ id, name }) => ({ id, name, auctions: 0 }));
  const opened = flow
    .from(auctions(params))
    .eventTime(...eventTime(params))
    .map(Action, ({ seller }) => ({ id: seller, name: null, auctions: 1 }));
  registered
    .union(opened)
    .keyBy('id')
    .window(tumbling('10s'))
    .aggregate({ name: max('name'), window_start: windowStart(), auctions: sum('auctions') })
    .filter((person) => person.name !== null && person.auctions > 0)
    .pick('id', 'name', 'window_start')
    .to(results(params));
});
