import { SluiceError } from '../base/errors.js';
import { recordText, valueText } from '../base/record-text.js';

/**
 * A validator as zod, valibot, ArkType and others make them. Only the form is ours; its source is
 * https://standardschema.dev, version 1.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** @throws SluiceError ARGUMENT_INVALID  it is no such validator */
export function checkValidator(place: string, validator: StandardSchema | undefined): void {
  if (validator === undefined || typeof validator?.['~standard']?.validate === 'function') return;
  const what = `${place}: validate takes a Standard Schema, such as one of zod or valibot`;
  throw new SluiceError('ARGUMENT_INVALID', what);
}

/**
 * What a validator makes of a record; or what it has against it: `items[3].price: expected number`, and where.
 *
 * Validators run between two records, so they answer at once. One that answers with a promise, or throws, has something
 * against every record.
 */
export function validate<R>(
  validator: StandardSchema<R>,
  record: unknown,
): { readonly value: R } | { readonly what: string; readonly paths: readonly string[] } {
  const standard = validator['~standard'];
  const refused = (what: string, paths: readonly string[] = []) => ({
    what: `does not pass ${standard.vendor}: ${what}; it is ${recordText(record)}`,
    paths,
  });
  let result: StandardResult<R> | Promise<StandardResult<R>>;
  try {
    result = standard.validate(record);
  } catch (error) {
    return refused(`it threw ${valueText(error, 100)}`);
  }
  if (typeof result !== 'object' || result === null) return refused(`it answered ${valueText(result, 100)}`);
  if ('then' in result) {
    result.then(undefined, () => {}); // whatever it will say, it says it too late
    return refused('it answered with a promise; validators here answer at once');
  }
  if (result.issues === undefined) return { value: result.value };
  const paths = result.issues.map(({ path = [] }) => pathText(path));
  const texts = result.issues.map(({ message }, i) =>
    paths[i] === '' ? message : `${paths[i]}: ${message}`,
  );
  return refused(texts.slice(0, ISSUES_SHOWN).join('; ') || 'no reason given', paths);
}

const ISSUES_SHOWN = 5;

function pathText(path: NonNullable<StandardIssue['path']>): string {
  let text = '';
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`;
  }
  return text;
}

/** @throws SluiceError INPUT_VALUE_INVALID  the record does not pass */
export function validated<R>(place: string, index: number, validator: StandardSchema<R>, record: unknown): R {
  const result = validate(validator, record);
  if ('value' in result) return result.value;
  throw new SluiceError('INPUT_VALUE_INVALID', `${place}: row ${index + 1} ${result.what}`, {
    detail: { row: index + 1, field: result.paths[0] ?? '', paths: result.paths.join(', ') },
  });
}
