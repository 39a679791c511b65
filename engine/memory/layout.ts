/**
 * Tables of shared words: the only description of every structure that more than one thread touches.
 *
 *   layout/one-writer  A 128-byte line belongs to one writer. A word that `any` thread may change is alone on its line.
 *
 * Runs in: every thread, when the modules load.
 */
const BYTES_OF = { i32: 4, f64: 8 } as const;

/** Bytes that one thread may write without slowing another: two cache lines, since processors fetch pairs. */
export const LINE_BYTES = 128;

export type FieldType = keyof typeof BYTES_OF;
export type Field = readonly [offset: number, type: FieldType, writer: string, meaning: string];
export type Fields = Readonly<Record<string, Field>>;

/** Element index of every field, counted in its own type from the start of the structure. */
export type Layout<F extends Fields> = { readonly [K in keyof F]: number } & { readonly BYTES: number };

export interface LayoutEntry {
  readonly name: string;
  readonly bytes: number;
  readonly fields: Fields;
}

const registry = new Map<string, LayoutEntry>();

/** Every table of the loaded modules by name, for `dump` and for the documentation. */
export const LAYOUTS: ReadonlyMap<string, LayoutEntry> = registry;

/**
 * Checks a table of shared words and turns it into indices.
 *
 * @param bytes   size of the structure, a multiple of 128
 * @param fields  field -> [byte offset, type, writer, meaning], by rising offset
 * @returns       field -> index in a view of the field's type that begins where the structure begins; and BYTES
 * @throws Error  misaligned or overlapping fields, two writers on one line: a fault of the engine, found at load
 */
export function layout<const F extends Fields>(name: string, bytes: number, fields: F): Layout<F> {
  const fail = (what: string): never => {
    throw new Error(`layout ${name}: ${what}`);
  };
  if (bytes % LINE_BYTES !== 0) fail(`${bytes} bytes are not whole lines of ${LINE_BYTES}`);
  if (registry.has(name)) fail('this name is taken');
  const ownerOfLine = new Map<number, string>();
  const indices: Record<string, number> = { BYTES: bytes };
  let endOfLast = 0;
  for (const [field, [offset, type, writer]] of Object.entries(fields)) {
    const size = BYTES_OF[type];
    if (offset % size !== 0) fail(`${field} at ${offset} is not aligned to ${size}`);
    if (offset < endOfLast)
      fail(`${field} at ${offset} overlaps the field before it, which ends at ${endOfLast}`);
    endOfLast = offset + size;
    if (endOfLast > bytes) fail(`${field} ends at ${endOfLast}, past ${bytes}`);
    const line = Math.floor(offset / LINE_BYTES); // layout/one-writer
    const owner = ownerOfLine.get(line);
    if (owner !== undefined && (owner !== writer || writer === 'any'))
      fail(`${field} is written by ${writer}, but its line belongs to ${owner}`);
    ownerOfLine.set(line, writer);
    indices[field] = offset / size;
  }
  registry.set(name, { name, bytes, fields });
  return indices as Layout<F>;
}

/**
 * Reads a live structure as named values, for post-mortems and tests. The values of running threads may be mixed.
 *
 * @param byteOffset  where the structure begins, a multiple of 8
 */
export function dump(name: string, memory: ArrayBufferLike, byteOffset: number): Record<string, number> {
  const entry = registry.get(name);
  if (entry === undefined) throw new Error(`layout ${name}: no such table`);
  const data = new DataView(memory, byteOffset, entry.bytes);
  const read = ([offset, type]: Field): number =>
    type === 'i32' ? data.getInt32(offset, true) : data.getFloat64(offset, true);
  return Object.fromEntries(Object.entries(entry.fields).map(([field, row]) => [field, read(row)]));
}

/** All tables as Markdown, in the order of their names. */
export function layoutsAsMarkdown(): string {
  const parts: string[] = [];
  for (const { name, bytes, fields } of [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    parts.push(`## ${name}`, '', `${bytes} bytes.`, '', '| offset | field | type | writer | meaning |');
    parts.push('|---|---|---|---|---|');
    for (const [field, [offset, type, writer, meaning]] of Object.entries(fields))
      parts.push(`| ${offset} | \`${field}\` | ${type} | ${writer} | ${meaning} |`);
    parts.push('');
  }
  return parts.join('\n');
}

/** Rounds up to whole lines. */
export function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
