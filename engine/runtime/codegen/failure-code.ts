import type { PlanOperator } from '../../plan/logical-plan.js';
import type { OperatorCode, Place } from './operator-code.js';
import type { Row } from './row.js';
import { ownObject } from './row-parts.js';

/**
 * Writes what is to be done with a row when a function of its operator fails at it; what fails further down is not its
 * own. Rows that it had given out before stay given out.
 *
 * @param site  of the operator
 * @param row   that it gets; null: it is called for no row
 * @param ts    name of the local with its event time
 * @param body  writes the step of the operator
 */
export function guarded(
  operators: OperatorCode,
  { uid, onError }: PlanOperator,
  site: number,
  row: Row | null,
  ts: string,
  place: Place,
  body: () => void,
): void {
  if (onError === undefined) {
    body();
    return;
  }
  const { code, at } = place;
  const forked = row?.fork() ?? null;
  code.block('try', body);
  const error = code.fresh('error');
  code.block(`catch (${error})`, () => {
    code.line(`core.endure(${site}, ${at}, ${error});\n${at} = 0; core.at = 0;`);
    const reader = onError.kind === 'skip' ? null : operators.readerOf(uid, onError.tag);
    if (reader === null) code.line('core.droppedRecords++;');
    else {
      const payload = forked === null ? 'null' : ownObject(forked, null, code);
      const letter = code.constant('letter', `core.letter(${site}, ${error}, ${payload})`);
      operators.emit(reader, operators.checkedRow(reader, letter, ts, place), place);
    }
    code.line(`if (core.blocked) { ${place.onBlocked} }`);
  });
}
