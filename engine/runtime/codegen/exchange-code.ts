import { assert } from '../../base/assert.js';
import type { ResultPartition } from '../../exchange/result-partition.js';
import { RowCodec, viewBindings } from '../../records/codec-gen.js';
import { subtaskFragment } from '../../records/key.js';
import { HASHER_NAME, hashFragment, KeyHasher } from '../../records/key-hash.js';
import { type RowView, rowLayout } from '../../records/row-layout.js';
import type { FieldSpec } from '../../records/schema.js';
import type { ChainEnvironment, ChainOutput } from '../chain-spec.js';
import type { UndeclaredWriter } from '../undeclared-writer.js';
import type { Bindings } from './code-writer.js';
import { type Place, wholeOf } from './operator-code.js';
import type { Row } from './row.js';

/** Brings a view's arrays and codecs into the scope of generated functions, under names with a prefix. */
export function bindView(bindings: Bindings, prefix: string, view: RowView | null): void {
  if (view !== null) Object.assign(bindings.values, viewBindings(view, prefix));
}

/** The prefix of the view of an output. */
export function outputPrefix(output: number): string {
  return `out${output}_`;
}

/**
 * Writes a row of declared fields into the open buffer of the subpartition that its key belongs to, or whose turn it
 * is.
 *
 * The fast path is a bounds check and plain stores; everything else (a full buffer, a pending watermark, no free
 * segment) is behind `roll`, and so is the question whether the output can take more.
 */
export function writeDeclared(
  output: number,
  spec: ChainOutput & { readonly shape: { readonly fields: readonly FieldSpec[] } },
  maxParallelism: number,
  env: ChainEnvironment,
  bindings: Bindings,
  row: Row,
  { code, onBlocked }: Place,
): void {
  const { fields } = spec.shape;
  const partition = bindings.bind(`partition${output}`, env.partitions[output]);
  const subpartitions = bindings.bind(`subpartitions${output}`, env.partitions[output]!.subpartitions);
  const codec = new RowCodec(rowLayout(fields), { view: outputPrefix(output) });
  const local = new Map(fields.map((field) => [field.name, row.value(field.name, code)] as const));
  code.block('', () => {
    let hash = '0';
    let channel = '0';
    if (spec.partitioner.kind === 'hash') {
      hash = keyHashText(spec.partitioner.fields, fields, local, bindings, code);
      const target = subtaskFragment(hash, spec.receivers, maxParallelism, code.fresh('to'));
      if (target.statements !== '') code.line(target.statements);
      channel = code.constant('k', target.expression);
    } else if (spec.partitioner.kind === 'rebalance' && spec.receivers > 1) {
      const turn = bindings.bind(`turn${output}`, { k: 0 });
      code.line(`${turn}.k = ${turn}.k + 1 === ${spec.receivers} ? 0 : ${turn}.k + 1;`);
      channel = code.constant('k', `${turn}.k`);
    }
    const values = (field: { readonly name: string }): string => local.get(field.name)!;
    const size = codec.sizeStatements(values);
    if (size.statements !== '') code.line(size.statements);
    const length = code.constant('length', size.expression);
    const sub = code.constant('sub', `${subpartitions}[${channel}]`);
    const q = code.fresh('q');
    code.line(`let ${q} = ${sub}.pos;`);
    code.block(`if (${q} + ${length} > ${sub}.limit)`, () => {
      code.line(`${q} = ${partition}.roll(${channel}, ${length});`);
      code.line(`if (!${partition}.available) { core.blocked = true; ${onBlocked} }`);
    });
    code.line(codec.writeStatements(q, values, { length, hash, ts: row.ts }));
    const blocked = `if (!${partition}.available) { core.blocked = true; ${onBlocked} }`;
    code.line(written({ partition, sub, channel, q, length }, codec, env.partitions[output]!, blocked));
  });
  code.line('core.recordsOut++;');
}

/** Names in generated code of a row just written at `q`. */
interface WrittenRow {
  readonly partition: string;
  readonly sub: string;
  readonly channel: string;
  readonly q: string;
  readonly length: string;
}

/** What follows the writing of a row: it is in the open buffer, or has to be cut into pieces. record/span */
export function written(
  { partition, sub, channel, q, length }: WrittenRow,
  { layout }: RowCodec,
  { segmentBytes }: ResultPartition,
  afterSpan: string,
): string {
  const isInBuffer = `${sub}.pos = ${q} + ${length};`;
  if (!layout.isVariable && layout.fixedBytes <= segmentBytes) return isInBuffer;
  return `if (${length} > ${segmentBytes}) { ${partition}.span(${channel}, ${length}); ${afterSpan} } else ${isInBuffer}`;
}

function keyHashText(
  keys: readonly string[],
  fields: readonly FieldSpec[],
  local: ReadonlyMap<string, string>,
  bindings: Bindings,
  code: Place['code'],
): string {
  bindings.values[HASHER_NAME] ??= new KeyHasher();
  const hashed = keys.map((name) => {
    const field = fields.find((each) => each.name === name);
    assert(field !== undefined, () => `the key field ${name} travels with the row`);
    return { kind: field.kind, nullable: field.nullable, value: local.get(name)! };
  });
  const { statements, expression } = hashFragment(hashed, code.fresh('key'));
  if (statements !== '') code.line(statements);
  return expression;
}

/** Writes a row of unknown shape: the writer learns it and has its own generated code, which changes with it. */
export function writeUndeclared(
  output: number,
  writer: UndeclaredWriter,
  bindings: Bindings,
  row: Row,
  { code, onBlocked }: Place,
): void {
  const name = bindings.bind(`undeclared${output}`, writer);
  const { required } = writer;
  const given = required === null ? [wholeOf(row, code)] : required.map((field) => row.value(field, code));
  code.line(`${name}.write(${[...given, row.ts].join(', ')});`);
  code.line('core.recordsOut++;');
  code.line(`if (!${name}.partition.available) { core.blocked = true; ${onBlocked} }`);
}
