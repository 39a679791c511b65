import { printCodec } from '../records/codec.js';
import { hashFragment } from '../records/key-hash.js';
import { rowLayout } from '../records/row-layout.js';
import { type FieldSpec, isScalarKind } from '../records/schema.js';
import type { JobExchange, JobGraph } from './job-graph.js';
import type { LogicalPlan } from './logical-plan.js';

/**
 * The generated code of every exchange, for people: the layout of its rows, what writes and reads them, and the hash of
 * their key. Tasks have the same statements in the loops of their chains.
 */
export function explainCodecs(plan: LogicalPlan, graph: JobGraph): string {
  if (graph.exchanges.length === 0) return 'No exchanges: records pass from function to function.\n';
  return `${graph.exchanges.map((exchange) => exchangeText(plan, graph, exchange)).join('\n\n')}\n`;
}

function exchangeText(plan: LogicalPlan, graph: JobGraph, exchange: JobExchange): string {
  const { id, fromVertex, fromOperator, toVertex, fields, partitioner } = exchange;
  const from = plan.operators.find(({ uid }) => uid === fromOperator)!;
  const heading = `[${fromVertex}] => [${toVertex}] exchange ${id}, from ${from.name} to ${graph.vertices[toVertex]!.name}`;
  if (fields.fields === null) return `${heading}\nundeclared: its code is made for the rows that come`;
  const text = `${heading}\n${printCodec(rowLayout(fields.fields))}`;
  return partitioner.kind === 'hash' ? `${text}\n\n${hashText(partitioner.fields, fields.fields)}` : text;
}

function hashText(keys: readonly string[], fields: readonly FieldSpec[]): string {
  const hashed = keys.flatMap((key) => {
    const field = fields.find(({ name }) => name === key)!;
    const value = `v${fields.indexOf(field)}`;
    return isScalarKind(field.kind) ? { kind: field.kind, nullable: field.nullable, value } : [];
  });
  const { statements, expression } = hashFragment(hashed, 'key');
  return [
    `hash of ${keys.join(', ')}`,
    ...(statements === '' ? [] : [statements]),
    `hash = ${expression};`,
  ].join('\n');
}
