import { assert } from '../../base/assert.js';
import type { ResultPartition } from '../../exchange/result-partition.js';
import type { Partitioner } from '../../plan/logical-plan.js';
import type { Roomy, RowCodec } from '../../records/codec-gen.js';
import { subtaskFragment } from '../../records/key.js';
import type { Fragment } from '../../records/source-text.js';

/**
 * Who gets a row: the subpartition that was chosen; the next in an adaptive turn, which may give way to another when
 * its buffer is full; or all.
 */
export type Reach = 'one' | 'turn' | 'all';

export function reachOf({ kind }: Partitioner, { turn }: ResultPartition): Reach {
  if (kind === 'broadcast') return 'all';
  return (kind === 'rebalance' || kind === 'rescale') && turn.isAdaptive ? 'turn' : 'one';
}

/** What names of the generated code stand for. */
export interface RoomNames {
  readonly partition: string;
  readonly subpartitions: string;
  /** A BroadcastWriter, for `all`. */
  readonly broadcast: string;
  /** A Prng, for shuffle. */
  readonly prng: string;
  /** Locals to be declared: subpartition by number, by object, and the byte offset of the row. */
  readonly k: string;
  readonly sub: string;
  readonly q: string;
  /**
   * Locals that exist: bytes that the row takes at most and, once it is written, that it takes; the hash of its key;
   * what a custom partitioner chose.
   */
  readonly length: string;
  readonly hash: string;
  readonly chosen: string;
}

/** Text of the number of the subpartition that a row goes to. */
export function targetText(
  partitioner: Partitioner,
  subpartitionCount: number,
  maxParallelism: number,
  names: Pick<RoomNames, 'partition' | 'prng' | 'hash' | 'chosen'>,
  local: string,
): Fragment {
  const expression = (text: string): Fragment => ({ statements: '', expression: text });
  switch (partitioner.kind) {
    case 'hash':
      return subtaskFragment(names.hash, subpartitionCount, maxParallelism, local);
    case 'rebalance':
    case 'rescale':
      return expression(`${names.partition}.turn.next()`);
    case 'shuffle':
      return expression(`${names.prng}.below(${subpartitionCount})`);
    case 'custom':
      return expression(names.chosen);
    case 'forward':
      assert(subpartitionCount === 1, 'a forward exchange joins one subtask to one');
      return expression('0');
    case 'global':
    case 'broadcast':
      return expression('0');
  }
}

/** A buffer may be given up for full with so small a share of it free: the next row could have been as long. */
const ROOMY_SHARE = 32;

/** For rows that are written before their length is known. */
export function roomyIn(segmentBytes: number): Roomy {
  return (bytes) => `${bytes} <= ${Math.floor(segmentBytes / ROOMY_SHARE)}`;
}

/**
 * Text before a row is written, which leaves the byte offset of its place in `q`, and text after it.
 *
 * The fast path is a bounds check; everything else (a full buffer, a pending watermark, no free segment) is behind
 * calls of the partition, and so is the question whether the output can take more.
 *
 * @param segmentBytes  a longer row is cut into pieces
 * @param onRolled    statement run when a buffer was changed
 * @param isAnnounced true if `announced[k]` must be 1 before a row; `announce(k)` and `announceInTurn(k, bytes)` do it
 */
export function roomText(
  reach: Reach,
  target: string,
  { partition, subpartitions, broadcast, k, sub, q, length }: RoomNames,
  { layout }: RowCodec,
  segmentBytes: number,
  onRolled: string,
  isAnnounced = false,
): { readonly before: string; readonly after: string } {
  const announce = (index: string): string =>
    isAnnounced ? `if (announced[${index}] === 0) announce(${index});\n` : '';
  if (reach === 'all') {
    return {
      before: `${announce('0')}const ${q} = ${broadcast}.reserve(${length});`,
      after: `${broadcast}.spread(${length});\n${onRolled}`,
    };
  }
  const mayBeLarge = layout.isVariable || layout.fixedBytes > segmentBytes;
  const isInBuffer = `${sub}.pos = ${q} + ${length};`;
  const span = `{ ${partition}.span(${k}, ${length}); ${onRolled} }`; // record/span
  const after = mayBeLarge ? `if (${length} > ${segmentBytes}) ${span} else ${isInBuffer}` : isInBuffer;
  if (reach === 'one') {
    return {
      before: `const ${k} = ${target};
${announce(k)}const ${sub} = ${subpartitions}[${k}];
let ${q} = ${sub}.pos;
if (${q} + ${length} > ${sub}.limit) {
  ${q} = ${partition}.roll(${k}, ${length});
  ${onRolled}
}`,
      after,
    };
  }
  const isSilent = isAnnounced ? `announced[${k}] === 0 || ` : '';
  const choose = isAnnounced ? 'announceInTurn' : `${partition}.yieldTurn`;
  return {
    before: `let ${k} = ${target};
let ${sub} = ${subpartitions}[${k}];
let ${q} = ${sub}.pos;
if (${isSilent}${q} + ${length} > ${sub}.limit) {
  ${k} = ${choose}(${k}, ${length});
  ${sub} = ${subpartitions}[${k}];
  ${q} = ${partition}.roll(${k}, ${length});
  ${onRolled}
}`,
    after,
  };
}
