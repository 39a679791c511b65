import type { EventTimeConfig } from '../../plan/logical-plan.js';
import type { FieldKind } from '../../records/schema.js';
import type { OperatorCode, Place } from './operator-code.js';
import { argumentText, type Row, retimed } from './row.js';

/** An operator that assigns event time. */
export interface EventTime {
  readonly uid: string;
  readonly site: number;
  readonly config: EventTimeConfig;
}

/** Kinds of whole milliseconds. */
const WHOLE: ReadonlySet<FieldKind> = new Set(['timestamp', 'int64', 'int32', 'uint32', 'int16', 'int8']);

/** Writes its step: the row goes on with its time, and what it says of watermarks is noted. See watermark-code.ts. */
export function eventTimeStep(
  { uid, site, config }: EventTime,
  row: Row,
  place: Place,
  operators: OperatorCode,
): void {
  const { field, generator, idleAfterMs } = config;
  const { code } = place;
  const ts = row.value(field, code);
  const known = row.fields?.find((each) => each.name === field);
  if (known === undefined || known.nullable || !WHOLE.has(known.kind)) {
    // NaN would be before every watermark, and Infinity is the end of time.
    const isTime = `typeof ${ts} === 'number' && Math.abs(${ts}) <= ${Number.MAX_SAFE_INTEGER}`;
    const bad = `core.badField(${site}, ${JSON.stringify(field)}, 'an event time in milliseconds', ${ts});`;
    code.line(`if (!(${isTime})) ${bad}`);
  }
  if (idleAfterMs !== undefined) code.line(`core.seen_${site} = true;`);
  if (generator === undefined) {
    code.line(`if (${ts} > core.max_${site}) core.max_${site} = ${ts};`);
    operators.emit(uid, retimed(row, ts), place);
    return;
  }
  const seen = code.constant('seen', argumentText(row, generator.observed, code));
  operators.emit(uid, retimed(row.fork(), ts), place);
  const mark = operators.call(uid, 'mark', `core.generator_${site}.onEvent`, `${ts}, ${seen}`, place);
  code.line(`if (${mark} !== undefined) core.mark_${site}(${mark});`);
}
