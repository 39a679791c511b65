/** Query 3: auctions of one category by sellers in three states; person and auction may be any time apart. */
import { job, type KeyedContext, KeyedProcessFunction, listState, type RowOf, t, valueState } from 'sluice';
import { auctions, persons, queryParams, results } from './event-sources.js';

const CATEGORY = 10;
const STATES = new Set(['OR', 'ID', 'CA']);

const Home = t.record({ name: t.string, city: t.string, state: t.string });

/** A person, or an auction by that person. */
const SellerEvent = t.record({
  seller: t.int64,
  event: t.union('kind', { person: Home, auction: t.record({ id: t.int64 }) }),
});
type SellerEvent = RowOf<typeof SellerEvent>;

const Offered = t.record({ name: t.string, city: t.string, state: t.string, id: t.int64 });
type Offered = RowOf<typeof Offered>;

class JoinSeller extends KeyedProcessFunction<SellerEvent, Offered, number> {
  readonly home = valueState(Home);
  /** Auctions that came before their seller. */
  readonly early = listState(t.int64);

  override processElement({ event }: SellerEvent, ctx: KeyedContext<Offered, number>): void {
    if (event.kind === 'auction') {
      const home = this.home.value();
      if (home === null) this.early.add(event.id);
      else ctx.emit({ ...home, id: event.id });
      return;
    }
    const { name, city, state } = event;
    this.home.update({ name, city, state });
    for (const id of this.early.get()) ctx.emit({ name, city, state, id });
    this.early.clear();
  }
}

export default job('nexmark-q3', { params: queryParams('q3') }, (flow, params) => {
  const sellers = flow
    .from(persons(params))
    .filter((person) => STATES.has(person.state.toUpperCase()))
    .map(SellerEvent, ({ id, name, city, state }) => ({
      seller: id,
      event: { kind: 'person' as const, name, city, state },
    }));
  const offers = flow
    .from(auctions(params))
    .filter((auction) => auction.category === CATEGORY)
    .map(SellerEvent, ({ id, seller }) => ({ seller, event: { kind: 'auction' as const, id } }));
  sellers.union(offers).keyBy('seller').process(Offered, JoinSeller).to(results(params));
});
