import type { FieldType, RecordType } from '../records/schema.js';

/** Tells a type made by `t` from whatever else a user may give. */
export function isRecordType(value: unknown): value is RecordType<any> {
  return (
    typeof value === 'object' && value !== null && Array.isArray((value as Partial<RecordType<any>>).fields)
  );
}

export function isFieldType(value: unknown): value is FieldType<any, boolean> {
  return typeof value === 'object' && value !== null && 'kind' in value && 'isNullable' in value;
}
