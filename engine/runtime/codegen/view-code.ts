import { recordViewClass } from '../../records/record-view.js';
import type { ChainCore } from '../chain-core.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { argumentText, type Row } from './row.js';

/** What a function of the user is called with in place of a record. */
export interface Handed {
  readonly text: string;
  /** Statement for when the function has no right to it any more; '' where that changes nothing. */
  readonly after: string;
}

/**
 * Hands a row to a function as a view of its bytes, where it lies in a buffer as it came; else, where a function made
 * it or a source, as a plain object.
 *
 * Released code has one view for all rows of an operator. Checked code makes one for each call, so that one which
 * outlives its call is known.
 *
 * @param site  of the operator, which a view that is read too late names
 */
export function handView(
  row: Row,
  site: number,
  observed: readonly string[] | null,
  bindings: Bindings,
  code: CodeWriter,
): Handed {
  const { inPlace, fields } = row;
  if (inPlace === null || fields === null) return { text: argumentText(row, observed, code), after: '' };
  const stale = (field: string): never => (bindings.values['core'] as ChainCore).staleView(site, field);
  const View = recordViewClass(inPlace.codec, fields, bindings.values, CHECKED ? stale : null);
  const type = bindings.bind('View', View);
  if (!CHECKED) {
    const view = bindings.bind('view', Object.freeze(new View()));
    code.line(`${type}.seat(${view}, ${inPlace.at});`);
    return { text: view, after: '' };
  }
  const view = code.constant('view', `Object.freeze(new ${type}())`);
  code.line(`${type}.seat(${view}, ${inPlace.at});`);
  return { text: view, after: `${type}.seat(${view}, -1);` };
}
