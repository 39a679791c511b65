import type { RowCodec } from './codec-gen.js';
import { compile } from './compile.js';
import type { LayoutField } from './row-layout.js';
import { linesText } from './source-text.js';

/**
 * A record as its bytes: an object without members of its own, whose fields are getters of its class. Each reading
 * decodes anew. It is good for one call of a function; see `Stream.filter` and docs/decisions/018.
 */
export abstract class RecordView {}

/** The class of views of one layout in one view of memory. */
export interface RecordViewClass {
  new (): RecordView;
  /**
   * Puts a view onto the row at a position.
   *
   * @param p  byte offset into the memory; -1: its call is over
   */
  seat(view: RecordView, p: number): void;
}

/**
 * @param fields    those that a view shows; the layout of the codec has them
 * @param bindings  what the free names of the codec's pieces are bound to
 * @param onStale   called with the field where one is read of a view whose call is over; null: nobody looks
 * Cost: compiles; a millisecond.
 */
export function recordViewClass(
  codec: RowCodec,
  fields: readonly LayoutField[],
  bindings: Readonly<Record<string, unknown>>,
  onStale: ((field: string) => never) | null,
): RecordViewClass {
  const values = { ...bindings, Base: RecordView, onStale };
  const source = linesText([
    'return class View extends Base {',
    '#p = -1;',
    'static seat(view, p) { view.#p = p; }',
    ...fields.map(({ name }) => {
      // Computed, since a class may have no getter that is written `constructor`.
      const text = JSON.stringify(name);
      const check = onStale === null ? '' : `if (p < 0) onStale(${text}); `;
      return `get [${text}]() { const p = this.#p; ${check}return ${codec.readExpr(codec.field(name), 'p')}; }`;
    }),
    '};',
  ]);
  return compile(`view-${codec.layout.fingerprint}`, source, Object.keys(values), Object.values(values));
}
