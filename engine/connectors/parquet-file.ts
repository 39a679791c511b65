import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as zlib from 'node:zlib';
import type {
  ColumnMetaData,
  Compressors,
  DecodedArray,
  FileMetaData,
  PageHeader,
  SchemaElement,
  SchemaTree,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { parquetMetadata, parquetSchema } from 'hyparquet/src/metadata.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { ZSTDDecoder } from 'zstddec';
import { unpackDeltas } from './delta-packed.js';
import { HybridDecoder } from './rle-hybrid.js';

/**
 * A Parquet file down to its pages; the only file that knows hyparquet.
 *
 * hyparquet parses the footer, page headers and the rarer encodings. The two things that are hot, definition levels
 * and dictionary indices, are decoded here, because hyparquet makes a plain array of every value several times over.
 *
 * Errors are plain: whoever reads knows path and place, and says so with a code.
 */
export class ParquetFile {
  readonly #fd: number;
  readonly #byteLength: number;
  readonly #metadata: FileMetaData;
  readonly leaves: ReadonlyMap<string, ParquetLeaf>;

  /** @internal use `open` */
  constructor(fd: number, byteLength: number, metadata: FileMetaData) {
    this.#fd = fd;
    this.#byteLength = byteLength;
    this.#metadata = metadata;
    this.leaves = leavesOf(parquetSchema(metadata));
    for (let group = 0; group < this.groupCount; group++) this.#checkGroup(group);
  }

  /** @throws Error  a system error for a file that cannot be opened, a plain one for a file that is not Parquet */
  static open(path: string): ParquetFile {
    const fd = openSync(path, 'r');
    try {
      const byteLength = fstatSync(fd).size;
      return new ParquetFile(
        fd,
        byteLength,
        parquetMetadata(readFooter(fd, byteLength), { geoparquet: false }),
      );
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get groupCount(): number {
    return this.#metadata.row_groups.length;
  }

  rowsOf(group: number): number {
    return Number(this.#metadata.row_groups[group]!.num_rows);
  }

  /** Loads what is needed to decompress these columns; must be awaited before `pages`. */
  async prepare(leaves: readonly ParquetLeaf[]): Promise<void> {
    for (const group of this.#metadata.row_groups)
      for (const { index } of leaves) {
        const codec = group.columns[index]!.meta_data!.codec;
        if (codec !== 'UNCOMPRESSED') await loadDecompressor(codec);
      }
  }

  /** The pages of one column in one row group; reads its bytes at once. */
  pages(group: number, leaf: ParquetLeaf): PageReader {
    const chunk = this.#metadata.row_groups[group]!.columns[leaf.index]!.meta_data!;
    const { start, end } = rangeOf(chunk);
    return new PageReader(readBytes(this.#fd, start, end - start), leaf, chunk);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #checkGroup(group: number): void {
    const { columns } = this.#metadata.row_groups[group]!;
    for (const { meta_data: chunk, file_path: elsewhere } of columns) {
      if (chunk === undefined || elsewhere)
        throw new Error(`row group ${group} keeps columns in other files`);
      const { start, end } = rangeOf(chunk);
      if (start < 4 || end < start || end > this.#byteLength)
        throw new Error(
          `row group ${group} says that column ${chunk.path_in_schema.join('.')} is at bytes ${start} to ${end}, ` +
            `but the file has ${this.#byteLength}`,
        );
    }
  }
}

/** A column that is not nested. */
export interface ParquetLeaf {
  readonly name: string;
  /** Position among the columns of a row group. */
  readonly index: number;
  readonly element: SchemaElement;
  /** For people: `INT64 TIMESTAMP(MICROS)`; of nested columns `LIST`, `MAP` or `STRUCT`. */
  readonly typeName: string;
  readonly isNested: boolean;
  readonly isOptional: boolean;
  /** @internal */
  readonly path: SchemaTree[];
}

/**
 * A page of values of one column.
 *
 * `indices` holds the decoder of dictionary indices, one per value that is not null; `raw` the values themselves.
 */
export interface Page {
  readonly rowCount: number;
  /** 1 where a row is null; null when no row is. */
  readonly nulls: Uint8Array | null;
  readonly indices: HybridDecoder | null;
  readonly raw: RawValues | null;
}

/** Values as they are in the file: of numbers their typed array, of byte arrays where they lie. */
export type RawValues = DecodedArray;

/** hyparquet does not export the type itself. */
type ColumnDecoder = Parameters<typeof readDataPage>[2];

/** Walks over the pages of a column chunk. */
export class PageReader {
  readonly #reader: { readonly view: DataView; offset: number };
  readonly #bytes: Uint8Array;
  readonly #decoder: ColumnDecoder;
  readonly #isOptional: boolean;
  readonly #indices = new HybridDecoder();
  #dictionary: RawValues | null = null;

  constructor(bytes: Uint8Array, leaf: ParquetLeaf, chunk: ColumnMetaData) {
    this.#bytes = bytes;
    this.#reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    this.#isOptional = leaf.isOptional;
    this.#decoder = {
      pathInSchema: chunk.path_in_schema,
      type: chunk.type,
      element: leaf.element,
      schemaPath: leaf.path,
      codec: chunk.codec,
      compressors: decompressors,
    } as ColumnDecoder;
  }

  /** Set once the first page was taken, if the column has one. */
  get dictionary(): RawValues | null {
    return this.#dictionary;
  }

  /** The next page with rows, or null after the last. The indices of the former page end to be readable. */
  next(): Page | null {
    while (this.#reader.offset < this.#bytes.length) {
      const header = parquetHeader(this.#reader);
      const start = this.#reader.offset;
      const end = start + header.compressed_page_size;
      if (!(end >= start && end <= this.#bytes.length)) throw new Error('a page is longer than its column');
      this.#reader.offset = end;
      const bytes = this.#bytes.subarray(start, end);
      if (header.type === 'DICTIONARY_PAGE') this.#readDictionary(header, bytes);
      else if (header.type === 'DATA_PAGE') return this.#pageV1(header, bytes);
      else if (header.type === 'DATA_PAGE_V2') return this.#pageV2(header, bytes);
      else throw new Error(`a page of unknown type ${header.type}`);
    }
    return null;
  }

  #decompress(bytes: Uint8Array, length: number): Uint8Array {
    return decompressPage(bytes, length, this.#decoder.codec, this.#decoder.compressors);
  }

  #readDictionary(header: PageHeader, bytes: Uint8Array): void {
    const page = this.#decompress(bytes, header.uncompressed_page_size);
    const { type, element } = this.#decoder;
    const count = header.dictionary_page_header!.num_values;
    this.#dictionary = readPlain({ view: viewOf(page), offset: 0 }, type, count, element.type_length);
  }

  #pageV1(header: PageHeader, bytes: Uint8Array): Page {
    const head = header.data_page_header!;
    const page = this.#decompress(bytes, header.uncompressed_page_size);
    let position = 0;
    let nulls: Uint8Array | null = null;
    if (this.#isOptional) {
      const length = viewOf(page).getUint32(0, true);
      position = 4 + length;
      nulls = readNulls(page, 4, position, head.num_values);
    }
    if (isDictionaryCoded(head.encoding)) return this.#indexed(head.num_values, nulls, page, position);
    const raw =
      head.encoding === 'DELTA_BINARY_PACKED'
        ? this.#deltas(page.subarray(position), presentIn(head.num_values, nulls))
        : readDataPage(page, head, this.#decoder).dataPage;
    return { rowCount: head.num_values, nulls, indices: null, raw };
  }

  #pageV2(header: PageHeader, bytes: Uint8Array): Page {
    const head = header.data_page_header_v2!;
    const { definition_levels_byte_length: levels, repetition_levels_byte_length: repetitions } = head;
    const start = repetitions + levels;
    const nulls = this.#isOptional ? readNulls(bytes, repetitions, start, head.num_values) : null;
    const isDelta = head.encoding === 'DELTA_BINARY_PACKED';
    if (!isDelta && !isDictionaryCoded(head.encoding)) {
      const { dataPage } = readDataPageV2(bytes, header, this.#decoder);
      return { rowCount: head.num_rows, nulls, indices: null, raw: dataPage };
    }
    const rest = bytes.subarray(start);
    const length = header.uncompressed_page_size - start;
    const page = head.is_compressed === false ? rest : this.#decompress(rest, length);
    if (!isDelta) return this.#indexed(head.num_rows, nulls, page, 0);
    const raw = this.#deltas(page, presentIn(head.num_rows, nulls));
    return { rowCount: head.num_rows, nulls, indices: null, raw };
  }

  #deltas(bytes: Uint8Array, count: number): RawValues {
    const { low, high } = unpackDeltas(bytes, count);
    if (this.#decoder.type === 'INT32') return low;
    const pairs = new Int32Array(count * 2);
    for (let i = 0; i < count; i++) {
      pairs[2 * i] = low[i]!;
      pairs[2 * i + 1] = high[i]!;
    }
    return new BigInt64Array(pairs.buffer);
  }

  #indexed(rowCount: number, nulls: Uint8Array | null, page: Uint8Array, position: number): Page {
    // A page of nulls only has no index width either.
    if (position < page.length) this.#indices.reset(page, position + 1, page.length, page[position]!);
    return { rowCount, nulls, indices: this.#indices, raw: null };
  }
}

const isDictionaryCoded = (encoding: string): boolean =>
  encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY';

const presentIn = (rowCount: number, nulls: Uint8Array | null): number =>
  nulls === null ? rowCount : nulls.reduce((count, isNull) => count - isNull, rowCount);

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Definition levels of a column that is not nested: 1 for a value, 0 for null. */
function readNulls(bytes: Uint8Array, start: number, end: number, count: number): Uint8Array | null {
  const levels = new Int32Array(count);
  const decoder = new HybridDecoder();
  decoder.reset(bytes, start, end, 1);
  decoder.read(levels, count);
  if (levels.indexOf(0) < 0) return null;
  const nulls = new Uint8Array(count);
  for (let i = 0; i < count; i++) nulls[i] = 1 - levels[i]!;
  return nulls;
}

/** Where a column lies in the file. Some writers give a dictionary offset of 0 when they mean none. */
function rangeOf(chunk: ColumnMetaData): { readonly start: number; readonly end: number } {
  const data = Number(chunk.data_page_offset);
  const dictionary = Number(chunk.dictionary_page_offset ?? 0);
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  return { start, end: start + Number(chunk.total_compressed_size) };
}

const MAGIC = 'PAR1';

/** @returns the metadata with its length and magic behind it, in an ArrayBuffer of its own */
function readFooter(fd: number, byteLength: number): Uint8Array {
  if (byteLength < 12) throw new Error(`it has ${byteLength} bytes, fewer than any Parquet file`);
  const head = Buffer.from(readBytes(fd, 0, 4)).toString('latin1');
  if (head !== MAGIC) throw new Error('it does not begin with the mark of a Parquet file');
  const tail = Buffer.from(readBytes(fd, byteLength - 8, 8));
  if (tail.toString('latin1', 4) !== MAGIC)
    throw new Error('it does not end with the mark of a Parquet file; it was probably cut off');
  const length = tail.readUInt32LE(0) + 8;
  if (length > byteLength - 4) throw new Error('its footer is longer than the file');
  return readBytes(fd, byteLength - length, length);
}

function readBytes(fd: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) throw new Error('it ends before its columns do');
    done += count;
  }
  return bytes;
}

function leavesOf(root: SchemaTree): ReadonlyMap<string, ParquetLeaf> {
  const leaves = new Map<string, ParquetLeaf>();
  let index = 0;
  for (const child of root.children) {
    const { element } = child;
    const isNested = child.children.length > 0 || element.repetition_type === 'REPEATED';
    leaves.set(element.name, {
      name: element.name,
      index,
      element,
      typeName: typeName(element),
      isNested,
      isOptional: element.repetition_type === 'OPTIONAL',
      path: [root, child],
    });
    index += physicalColumns(child);
  }
  return leaves;
}

function physicalColumns(tree: SchemaTree): number {
  if (tree.children.length === 0) return 1;
  return tree.children.reduce((sum, child) => sum + physicalColumns(child), 0);
}

function typeName(element: SchemaElement): string {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (type === undefined) return converted ?? logical?.type ?? 'STRUCT';
  let detail: string = logical?.type ?? converted ?? '';
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME') detail += `(${logical.unit})`;
  if (logical?.type === 'INTEGER') detail = `${logical.isSigned ? 'INT' : 'UINT'}_${logical.bitWidth}`;
  if (converted === 'DECIMAL') detail = `DECIMAL(${element.precision}, ${element.scale ?? 0})`;
  return `${element.repetition_type === 'REPEATED' ? 'REPEATED ' : ''}${type}${detail && ` ${detail}`}`;
}

const decompressors: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
};

/** The decoder fetches its bytes from a `data:` URL where there is `fetch`, which costs more to load than they do. */
async function loadZstd(): Promise<ZSTDDecoder> {
  const { ZSTDDecoder } = await import('zstddec');
  const decoder = new ZSTDDecoder();
  const { fetch } = globalThis;
  try {
    Reflect.set(globalThis, 'fetch', undefined);
    const ready = decoder.init(); // looks for fetch before it returns
    Reflect.set(globalThis, 'fetch', fetch);
    await ready;
  } finally {
    Reflect.set(globalThis, 'fetch', fetch);
  }
  return decoder;
}

/**
 * Node.js has had Zstandard since 22.15. Before, the WebAssembly decoder takes half the time of the one in
 * hyparquet-compressors, most of all where it would have to be compiled first.
 */
async function loadDecompressor(codec: keyof Compressors): Promise<void> {
  if (decompressors[codec] !== undefined) return;
  const native = (zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array }).zstdDecompressSync;
  if (codec === 'ZSTD' && native !== undefined) {
    decompressors.ZSTD = (input) => native(input);
    return;
  }
  if (codec === 'ZSTD') {
    const decoder = await loadZstd();
    decompressors.ZSTD = (input, bytes) => {
      const output = decoder.decode(input, bytes);
      // Its errors are lengths, and not thrown.
      if (output.length !== bytes) throw new Error('its Zstandard data is damaged');
      return output;
    };
    return;
  }
  const { compressors } = await import('hyparquet-compressors');
  decompressors.SNAPPY ??= compressors.SNAPPY!;
  decompressors.LZ4 ??= compressors.LZ4!;
  decompressors.LZ4_RAW ??= compressors.LZ4_RAW!;
  if (decompressors[codec] === undefined) throw new Error(`its compression ${codec} is not supported`);
}
