import { SluiceError } from '../base/errors.js';
import type { FieldSpec, RecordType } from '../records/schema.js';

/** The name and the rows of an output that an operator has beside its stream; made by `outputTag`. */
export class OutputTag<T extends object> {
  declare readonly rows: (row: T) => T;
  readonly name: string;
  /** Null: undeclared, as the rows of a map without a schema. */
  readonly fields: readonly FieldSpec[] | null;

  /** @internal use `outputTag` */
  constructor(name: string, fields: readonly FieldSpec[] | null) {
    this.name = name;
    this.fields = fields;
  }
}

/**
 * A side output: operators give rows to it by `ctx.output(tag, row)`, and `stream.sideOutput(tag)` reads them.
 *
 * @param name    told apart by it within one operator
 * @param schema  of its rows; without it their shape is learned
 * @throws SluiceError ARGUMENT_INVALID
 */
export function outputTag<T extends object>(name: string): OutputTag<T>;
export function outputTag<T extends object>(name: string, schema: RecordType<T>): OutputTag<T>;
export function outputTag(name: string, ...given: readonly unknown[]): OutputTag<any> {
  if (typeof name !== 'string' || name === '') {
    throw new SluiceError(
      'ARGUMENT_INVALID',
      `outputTag: its name is text, and not empty, not ${String(name)}`,
    );
  }
  if (given.length === 0) return new OutputTag(name, null);
  const fields = (given[0] as Partial<RecordType<any>> | null | undefined)?.fields;
  if (!Array.isArray(fields)) {
    const what = `outputTag('${name}'): rows are declared by t.record({ … }), not by ${String(given[0])}`;
    throw new SluiceError('ARGUMENT_INVALID', what);
  }
  return new OutputTag(name, fields);
}
