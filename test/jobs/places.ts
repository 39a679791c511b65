/** Visits of places: categories that are keys, values, null, and one whose values never come twice. */
import { count, job, min, sum, t } from 'sluice';

export const Visit = t.record({
  n: t.int64,
  place: t.category,
  note: t.nullable(t.category),
  visitor: t.category,
});

export default job(
  'places',
  { inputs: { visits: Visit }, params: { failAt: t.int64.default(-1) } },
  ({ visits }, { failAt }) => ({
    byPlace: visits
      .keyBy('place')
      .aggregate({ visits: count(), first: min('visitor') }, { emit: 'final' })
      .keyBy('visits')
      .aggregate({ places: count() }, { emit: 'final' }),
    byBoth: visits.keyBy('note', 'place').aggregate({ visits: count(), total: sum('n') }, { emit: 'final' }),
    byNote: visits.keyBy('note').aggregate({ visits: count() }, { emit: 'final' }),
    same: visits
      .rebalance()
      .map(Visit, (visit) => {
        if (visit.n === failAt) throw new RangeError('no such visit');
        return { n: visit.n, place: visit.place, note: visit.note, visitor: visit.visitor };
      })
      .rebalance()
      .map(Visit, (visit) => ({ ...visit })),
  }),
);
