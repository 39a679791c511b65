/** Query 3: auctions of one category by sellers in three states; person and auction may be any time apart. */
import { job, t } from 'sluice';
import { auctions, persons, queryParams, results } from './event-sources.js';

const CATEGORY = 10;
const STATES = new Set(['OR', 'ID', 'CA']);

const Offered = t.record({ name: t.string, city: t.string, state: t.string, id: t.int64 });

export default job('nexmark-q3', { params: queryParams('q3') }, (flow, params) => {
  const sellers = flow.from(persons(params)).filter((person) => STATES.has(person.state.toUpperCase()));
  const offers = flow.from(auctions(params)).filter((auction) => auction.category === CATEGORY);
  sellers
    .keyBy('id')
    .join(offers.keyBy('seller'))
    .map(Offered, ({ name, city, state }, { id }) => ({ name, city, state, id }))
    .to(results(params));
});
