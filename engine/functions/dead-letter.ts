import { SluiceError } from '../base/errors.js';
import { type RecordType, t } from '../records/schema.js';
import { OutputTag } from './output-tag.js';

/** A row that a function failed at. */
export interface DeadLetter<T extends object> {
  /** The row that the operator got; null: a timer failed. */
  payload: T | null;
  /** Name and message of the error. */
  cause: string;
  /** uid of the operator. */
  operator: string;
  /** Its name, and where it was written. */
  place: string;
  subtask: number;
}

/** What is to be done about failures; made by `deadLetter`. */
export class DeadLetterAction {
  readonly tag: OutputTag<any>;

  /** @internal use `deadLetter` */
  constructor(tag: OutputTag<any>) {
    this.tag = tag;
  }
}

/** When a function fails at a row: the job fails, the row is skipped and counted, or it goes to a side output. */
export type OnError = 'fail' | 'skip' | DeadLetterAction;

/** The declared type of dead letters with rows of a type. */
export function deadLetterOf<R extends object>(row: RecordType<R>): RecordType<DeadLetter<R>> {
  return t.record({
    payload: t.nullable(row),
    cause: t.string,
    operator: t.string,
    place: t.string,
    subtask: t.int32,
  }) as RecordType<DeadLetter<R>>;
}

/**
 * For `stream.onError`: rows that a function fails at go to a side output.
 *
 * @throws SluiceError ARGUMENT_INVALID
 */
export function deadLetter<T extends object>(tag: OutputTag<DeadLetter<T>>): DeadLetterAction {
  if (tag instanceof OutputTag) return new DeadLetterAction(tag);
  throw new SluiceError('ARGUMENT_INVALID', 'deadLetter: a tag made by outputTag(name) is expected');
}
