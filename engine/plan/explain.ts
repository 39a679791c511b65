import { formatDuration } from '../base/duration.js';
import { canonicalJson } from '../base/json.js';
import type { StateSpec } from '../functions/keyed-state.js';
import type { FieldSpec, TypeSpec } from '../records/schema.js';
import { printAggregate, printBounds, printPartitioner, printWindow } from './describe.js';
import type { JobExchange, JobGraph, JobVertex } from './job-graph.js';
import {
  type EventTimeConfig,
  type LogicalPlan,
  type Observed,
  type OperatorConfig,
  type PlanOperator,
  planFingerprint,
  type Windowed,
} from './logical-plan.js';

/** Lines of `explainText` are no longer. */
const COLUMNS_MAX = 100;

const UNDECLARED = 'undeclared: shape is learned from the first records';

/** The job graph for people: tasks, what their operators do and observe, and what travels between them. */
export function explainText(plan: LogicalPlan, graph: JobGraph): string {
  const head =
    `job ${graph.job}: ${graph.vertices.length} vertices, ${graph.taskCount} tasks, ` +
    `parallelism ${graph.parallelism}, maximum ${graph.maxParallelism}`;
  const lines = [head, `plan ${planFingerprint(plan)}`];
  for (const vertex of graph.vertices) lines.push('', ...vertexLines(plan, graph, vertex));
  return lines.flatMap((line) => wrap(line)).join('\n');
}

/** The job graph as a Mermaid flowchart. */
export function explainMermaid(graph: JobGraph): string {
  const lines = ['flowchart LR'];
  for (const { index, name, parallelism } of graph.vertices) {
    lines.push(`  v${index}["${escapeMermaid(name)}<br/>${count(parallelism, 'task')}"]`);
  }
  for (const { fromVertex, toVertex, partitioner, fields, required } of graph.exchanges) {
    const label = `${printPartitioner(partitioner)}<br/>${travels(fields.fields, required)}`;
    lines.push(`  v${fromVertex} -->|"${escapeMermaid(label)}"| v${toVertex}`);
  }
  return lines.join('\n');
}

/** The plan and its job graph as canonical JSON: equal jobs give equal text. */
export function explainJson(plan: LogicalPlan, graph: JobGraph): string {
  const { vertices, exchanges, taskCount, parallelism } = graph;
  const required = Object.fromEntries(graph.required);
  return canonicalJson({
    fingerprint: planFingerprint(plan),
    plan,
    graph: { parallelism, taskCount, vertices, exchanges, required },
  });
}

function vertexLines(plan: LogicalPlan, graph: JobGraph, vertex: JobVertex): string[] {
  const lines = [`[${vertex.index}] ${vertex.name}   ${count(vertex.parallelism, 'task')}   ${vertex.id}`];
  for (const uid of vertex.operators) {
    const operator = plan.operators.find((each) => each.uid === uid)!;
    lines.push(`  ${operator.name}: ${operatorText(operator, graph)}${onErrorText(operator)}`);
  }
  for (const exchange of graph.exchanges) {
    if (exchange.fromVertex === vertex.index) lines.push(...exchangeLines(plan, exchange));
  }
  return lines;
}

function exchangeLines(plan: LogicalPlan, exchange: JobExchange): string[] {
  const { fromOperator, toVertex, pattern, partitioner, input, fields, required, notChained } = exchange;
  const from = plan.operators.find(({ uid }) => uid === fromOperator)!;
  return [
    `  => [${toVertex}]${input === 1 ? ', its second input,' : ''} from ${from.name}: ${printPartitioner(partitioner)}, ${pattern}; not chained: ${notChained}`,
    `     carries ${travels(fields.fields, required)}`,
  ];
}

function travels(fields: readonly FieldSpec[] | null, required: readonly string[] | null): string {
  if (fields !== null) return fields.length === 0 ? 'no fields' : fields.map(printField).join(', ');
  return required === null ? UNDECLARED : `${required.join(', ') || 'no fields'} (${UNDECLARED})`;
}

function operatorText({ uid, config, output }: PlanOperator, graph: JobGraph): string {
  switch (config.kind) {
    case 'source':
    case 'input': {
      const required = graph.required.get(uid) ?? null;
      const all = output.fields?.length ?? 0;
      const reads = required === null ? 'all fields' : required.join(', ') || 'no fields';
      return `reads ${reads}${required !== null && all > 0 ? ` (${required.length} of ${all} fields)` : ''}`;
    }
    case 'event-time':
      return eventTimeText(config);
    case 'filter':
      return `function observes ${printObserved(config.observed)}${viewText(config)}`;
    case 'map':
    case 'flat-map': {
      const result = printShape(output.fields);
      return `function observes ${printObserved(config.observed)}${viewText(config)}; result ${result}`;
    }
    case 'co-map':
    case 'co-flat-map':
    case 'join': {
      const by = config.kind === 'join' ? `${joinText(config)}: ` : '';
      const [first, second] = config.observed.map(printObserved);
      return `${by}functions observe ${first} of the first input and ${second} of the second; result ${printShape(output.fields)}`;
    }
    case 'async': {
      const { ordered, capacity, timeoutMs, retry } = config.plan;
      const result = output.fields === null ? UNDECLARED : output.fields.map(printField).join(', ');
      const limits = [
        ordered ? 'ordered' : 'unordered',
        `up to ${capacity} at a time`,
        ...(timeoutMs === null ? [] : [`${formatDuration(timeoutMs)} for an answer`]),
        ...(retry === null ? [] : [`called again up to ${count(retry.retries, 'time')}`]),
      ];
      return `function observes ${printObserved(config.observed)}; ${limits.join(', ')}; result ${result}`;
    }
    case 'pick':
      return config.fields.join(', ');
    case 'split':
      return config.branches
        .map(({ name, observed }) => `${name} by a function that observes ${printObserved(observed)}`)
        .join('; ');
    case 'process':
    case 'keyed-process':
    case 'keyed-co-process':
      return `${processText(config)}; result ${printShape(output.fields)}`;
    case 'side-output':
      return `side output ${config.tag}`;
    case 'with':
      return config.columns
        .map(
          (column) =>
            `${printField(column)} by a function that observes ${printObserved(column.observed)}${viewText(config)}`,
        )
        .join('; ');
    case 'window-aggregate':
    case 'keyed-aggregate': {
      const aggregates = config.aggregates.map((each) => `${each.as} = ${printAggregate(each)}`).join(', ');
      const window = config.kind === 'window-aggregate' ? `, ${windowText(config)}` : `, ${config.emit}`;
      return `by ${config.keys.join(', ')}${window}: ${aggregates}`;
    }
    case 'window-reduce':
      return `by ${config.keys.join(', ')}, ${windowText(config)}: function observes all fields`;
    case 'keyed-reduce':
      return `by ${config.keys.join(', ')}, ${config.emit}: function observes all fields`;
    case 'sink':
      return config.path === null ? 'ends here' : `writes ${config.path}`;
    case 'output':
      return `named output ${config.output}`;
  }
}

function eventTimeText({ field, outOfOrdernessMs, generator, idleAfterMs }: EventTimeConfig): string {
  const watermarks =
    generator === undefined
      ? `${formatDuration(outOfOrdernessMs)} out of order`
      : `watermarks by a function that observes ${printObserved(generator.observed)}`;
  return `${field}, ${watermarks}${idleAfterMs === undefined ? '' : `, idle after ${formatDuration(idleAfterMs)}`}`;
}

function joinText({ keys, between }: Extract<OperatorConfig, { kind: 'join' }>): string {
  const apart = between === null ? '' : `, ${printBounds(between)} apart`;
  return `by ${keys.map((each) => each.join(', ')).join(' = ')}${apart}`;
}

function processText(config: Extract<OperatorConfig, { kind: `${string}process` }>): string {
  if (config.kind === 'process') return `function observes ${printObserved(config.observed)}`;
  const isSingle = config.kind === 'keyed-process';
  const keys = isSingle ? config.keys.join(', ') : config.keys.map((each) => each.join(', ')).join(' = ');
  const observed = isSingle
    ? printObserved(config.observed)
    : config.observed.map(printObserved).join(' of the first input and of the second ');
  return `by ${keys}${statesText(config.states)}: function observes ${observed}`;
}

const printShape = (fields: readonly FieldSpec[] | null): string =>
  fields === null ? UNDECLARED : fields.map(printField).join(', ');

function windowText({ window, latenessMs = 0, late }: Windowed): string {
  const allowed = latenessMs === 0 ? '' : `, ${formatDuration(latenessMs)} late`;
  return `${printWindow(window)}${allowed}${late === undefined ? '' : `, later ones to ${late}`}`;
}

const printObserved = (observed: Observed): string =>
  observed === null ? 'all fields' : observed.join(', ') || 'no fields';

function onErrorText({ onError }: PlanOperator): string {
  if (onError === undefined) return '';
  return onError.kind === 'skip'
    ? '; skips what it fails at'
    : `; side output ${onError.tag} gets what it fails at`;
}

const statesText = (states: readonly StateSpec[]): string =>
  states
    .map(
      ({ name, kind, ttl }) =>
        `, ${kind} state ${name}${ttl === null ? '' : ` for ${formatDuration(ttl.ms)}`}`,
    )
    .join('');

const viewText = ({ view }: { readonly view?: true }): string => (view === true ? ' by a view' : '');

const printField = (field: FieldSpec): string => `${field.name}: ${printType(field)}`;

function printType({ kind, nullable, parts }: TypeSpec): string {
  const fieldsOf = (fields: readonly FieldSpec[]): string => `{ ${fields.map(printField).join(', ')} }`;
  let inside = '';
  if (parts !== undefined) {
    if ('fields' in parts) inside = fieldsOf(parts.fields);
    else if ('item' in parts) inside = `<${printType(parts.item)}>`;
    else inside = `(${parts.variants.map(({ name, fields }) => `${name} ${fieldsOf(fields)}`).join(' | ')})`;
  }
  return `${kind}${inside}${nullable ? '?' : ''}`;
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** Mermaid reads its labels as HTML; what is not meant as such is written as entities. */
function escapeMermaid(label: string): string {
  return label
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replace(/<(?!br\/>)/g, '#lt;')
    .replace(/(?<!<br\/)>/g, '#gt;');
}

/** Breaks at spaces; what follows is indented under the line it belongs to. */
function wrap(line: string): string[] {
  const indent = `${/^ */.exec(line)![0]}    `;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS_MAX) {
    const space = rest.lastIndexOf(' ', COLUMNS_MAX);
    const at = space > indent.length ? space : COLUMNS_MAX;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
