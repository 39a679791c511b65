import { isVariableKind, ROW_LENGTH_OFFSET, type RowLayout, type RowView } from './row-layout.js';

/**
 * What is wrong with the bytes of a row, in words; null: nothing that can be seen without knowing what was written.
 * Only checked builds look.
 *
 * @param p           byte offset of the row
 * @param end         byte offset that it may not pass
 * @param categories  ids are below it; 0 where there are none
 */
export function rowFault(
  layout: RowLayout,
  { i32 }: RowView,
  p: number,
  end: number,
  categories: number,
): string | null {
  const length = i32[(p + ROW_LENGTH_OFFSET) >> 2]!;
  if ((length & 7) !== 0 || length < layout.fixedBytes) return `its length is ${length}`;
  if (length > end - p) return `its length is ${length}, and its buffer ends after ${end - p}`;
  for (const { name, kind, offset } of layout.fields) {
    if (!isVariableKind(kind)) continue;
    const begin = i32[(p + offset) >> 2]!;
    const word = i32[(p + offset + 4) >> 2]!;
    const bytes = word >> 1;
    if (kind === 'category' && word === 0 && begin >= 0 && begin < categories) continue; // an id
    if (begin < layout.fixedBytes || bytes < 0 || bytes > length - begin) {
      return `field '${name}' has ${bytes} bytes from ${begin} on, and the row has ${length}`;
    }
  }
  return null;
}
