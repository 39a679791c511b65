import { assert } from '../../base/assert.js';
import { categoryBindings } from '../../records/category-code.js';
import { RowCodec, viewBindings } from '../../records/codec-gen.js';
import { HASHER_NAME, hashFragment, KeyHasher } from '../../records/key-hash.js';
import { type RowView, rowLayout } from '../../records/row-layout.js';
import { type FieldSpec, isScalarKind } from '../../records/schema.js';
import type { RunCategories } from '../chain-spec.js';
import type { ExchangeOutput } from '../exchange-output.js';
import { sampledText } from '../sampled-cost.js';
import type { UndeclaredWriter } from '../undeclared-writer.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { Place } from './operator-code.js';
import { reachOf, roomText, roomyIn, targetText } from './room-text.js';
import type { Row } from './row.js';
import { wholeOf } from './row-parts.js';

/** Brings a view's arrays and codecs into the scope of generated functions, under names with a prefix. */
export function bindView(bindings: Bindings, prefix: string, view: RowView): void {
  Object.assign(bindings.values, viewBindings(view, prefix));
}

/** Brings the categories of the run into the scope of generated functions. */
export function bindCategories(bindings: Bindings, categories: RunCategories | null): void {
  if (categories !== null) Object.assign(bindings.values, categoryBindings(categories.known));
}

/** The prefix of the view of a gate. */
export function inputPrefix(gate: number): string {
  return `in${gate}_`;
}

/** The prefix of the view of an output. */
export function outputPrefix(output: number): string {
  return `out${output}_`;
}

/**
 * Writes a row of declared fields into the open buffer of the subpartition that its partitioner gives it to: plain
 * stores behind a bounds check.
 *
 * @param chosen  local that holds what a custom partitioner chose
 */
export function writeDeclared(
  index: number,
  output: ExchangeOutput,
  fields: readonly FieldSpec[],
  chosen: string,
  bindings: Bindings,
  row: Row,
  { code, onBlocked, out }: Place,
): void {
  const { partitioner, partition, maxParallelism, categories } = output;
  const bind = (hint: string, value: unknown): string => bindings.bind(`${hint}${index}`, value);
  const codec = new RowCodec(rowLayout(fields), { view: outputPrefix(index), hasIds: categories !== null });
  Object.assign(bindings.values, codec.nestedBindings(output.view));
  if (categories !== null) {
    const numberOf = ({ name }: { readonly name: string }): number => categories.fields.indexOf(name);
    Object.assign(bindings.values, codec.categories.bindings(categories.known, numberOf));
  }
  row.expect(
    fields.map(({ name }) => name),
    code,
  );
  const local = new Map(fields.map((field) => [field.name, row.value(field.name, code)] as const));
  const values = (field: { readonly name: string }): string => local.get(field.name)!;
  code.block('', () => {
    const isHash = partitioner.kind === 'hash';
    const ids = codec.categories.statements(values);
    if (ids !== '') code.line(ids);
    const hash = isHash ? keyHashText(partitioner.fields, codec, local, bindings, code) : '0';
    const names = {
      partition: bind('partition', partition),
      subpartitions: bind('subpartitions', partition.subpartitions),
      broadcast: bind('broadcast', output.broadcast),
      prng: bind('prng', output.prng),
      ...{ hash, chosen, k: code.fresh('k'), sub: code.fresh('sub'), q: code.fresh('q') },
    };
    const count = partition.subpartitions.length;
    const target = targetText(partitioner, count, maxParallelism, names, code.fresh('to'));
    if (target.statements !== '') code.line(target.statements);
    const { segmentBytes } = partition;
    const size = codec.sizeStatements(values, roomyIn(segmentBytes));
    if (size.statements !== '') code.line(size.statements);
    const length = code.fresh('length');
    code.line(`let ${length} = ${size.expression};`);
    const onRolled = `if (!${names.partition}.available) { core.blocked = true; ${onBlocked} }`;
    const reach = reachOf(partitioner, partition);
    const room = roomText(reach, target.expression, { ...names, length }, codec, segmentBytes, onRolled);
    code.line(room.before);
    code.line(codec.writeStatements(names.q, values, { length, hash, ts: row.ts }));
    code.line(room.after);
  });
  code.line(`${out}++;`);
}

function keyHashText(
  keys: readonly string[],
  codec: RowCodec,
  local: ReadonlyMap<string, string>,
  bindings: Bindings,
  code: CodeWriter,
): string {
  bindings.values[HASHER_NAME] ??= new KeyHasher();
  const hashed = keys.map((name) => {
    const { kind, nullable } = codec.field(name);
    assert(kind !== 'packed' && isScalarKind(kind), () => `the key field ${name} is no nested value`);
    return { kind, nullable, value: local.get(name)! };
  });
  const id = codec.categories.idOf(codec.field(keys[0]!));
  if (keys.length === 1 && id !== null && !hashed[0]!.nullable)
    return categoryHashText(id, hashed[0]!.value, code);
  const { statements, expression } = hashFragment(hashed, code.fresh('key'));
  if (statements !== '') code.line(statements);
  return expression;
}

/**
 * The hash of a key of one category is kept beside its string in each thread: that of the string's bytes, as without an
 * id. category/inside
 */
function categoryHashText(id: string, value: string, code: CodeWriter): string {
  return code.constant('hash', `${id} >= 0 ? catHashes[${id}] : ${HASHER_NAME}.hashString(${value})`);
}

/**
 * Writes a row of unknown shape: the writer learns it and has its own generated code, which changes with it.
 *
 * @param site    of the operator that gave the row: reading its members may fail, and not all that they hold can travel
 * @param chosen  local that holds what a custom partitioner chose; null: the writer finds the subpartition
 */
export function writeUndeclared(
  index: number,
  writer: UndeclaredWriter,
  site: number,
  chosen: string | null,
  bindings: Bindings,
  row: Row,
  { code, onBlocked, at, out }: Place,
): void {
  const name = bindings.bind(`undeclared${index}`, writer);
  const { required } = writer;
  code.line(`${at} = ${site};`);
  if (required !== null) row.expect(required, code);
  const given = required === null ? [wholeOf(row, code)] : required.map((field) => row.value(field, code));
  const write = `${name}.write(${[...given, row.ts, ...(chosen === null ? [] : [chosen])].join(', ')});`;
  code.line(sampledText(bindings.bind(`cost${index}`, writer.cost), write, code.fresh('began')));
  code.line(`${at} = 0;\n${out}++;`);
  code.line(`if (!${name}.partition.available) { core.blocked = true; ${onBlocked} }`);
}
