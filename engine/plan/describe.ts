import { formatDuration } from '../base/duration.js';
import type {
  AggregateSpec,
  AlignedWindow,
  OperatorConfig,
  Partitioner,
  TimeBounds,
} from './logical-plan.js';

/** What an operator is called when the user gave no name. */
export function operatorName(config: OperatorConfig): string {
  switch (config.kind) {
    case 'source':
    case 'sink':
      return config.label;
    case 'input':
      return config.input;
    case 'output':
      return config.output;
    case 'event-time':
      return 'eventTime';
    case 'flat-map':
      return 'flatMap';
    case 'keyed-process':
    case 'keyed-co-process':
      return 'process';
    case 'side-output':
      return config.tag;
    case 'co-map':
      return 'coMap';
    case 'co-flat-map':
      return 'coFlatMap';
    case 'async':
      return config.many ? 'flatMapAsync' : 'mapAsync';
    case 'window-aggregate':
    case 'window-reduce':
      return `window(${printWindow(config.window)})`;
    case 'keyed-aggregate':
      return 'aggregate';
    case 'keyed-reduce':
      return 'reduce';
    default:
      return config.kind;
  }
}

export function printWindow(window: AlignedWindow): string {
  const { kind, sizeMs, offsetMs } = window;
  const slide = kind === 'sliding' ? ` by ${formatDuration(window.slideMs)}` : '';
  const offset = offsetMs === 0 ? '' : ` offset ${formatDuration(offsetMs)}`;
  return `${kind} ${formatDuration(sizeMs)}${slide}${offset}`;
}

/** `[-5m, 10m)`: what may lie between two rows of a join. */
export function printBounds({ lowerMs, upperMs, lowerExclusive, upperExclusive }: TimeBounds): string {
  const [open, close] = [lowerExclusive ? '(' : '[', upperExclusive ? ')' : ']'];
  return `${open}${formatDuration(lowerMs)}, ${formatDuration(upperMs)}${close}`;
}

/** How it is written in a job: `max('delay')`. */
export function printAggregate(
  aggregate: Pick<AggregateSpec, 'fn' | 'field' | 'argument' | 'where'>,
): string {
  const { fn, field, argument, where } = aggregate;
  const given = [
    ...(field === null ? [] : [`'${field}'`]),
    ...(argument === undefined ? [] : [`${argument}`]),
    ...(where === undefined ? [] : [`{ where: '${where}' }`]),
  ];
  return `${fn}(${given.join(', ')})`;
}

export function printPartitioner(partitioner: Partitioner): string {
  switch (partitioner.kind) {
    case 'hash':
      return `hash(${partitioner.fields.join(', ')})`;
    case 'custom':
      return `custom(${partitioner.field ?? 'function'})`;
    default:
      return partitioner.kind;
  }
}
