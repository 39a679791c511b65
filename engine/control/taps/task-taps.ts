import { writeSync } from 'node:fs';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import type { SegmentLender } from '../../exchange/segment-lender.js';
import type { ControlArena } from '../../memory/control-arena.js';
import type { Exchange } from '../../memory/exchange-arena.js';
import type { ExchangeSpec } from '../../memory/exchange-sizes.js';
import type { SharedMemory } from '../../memory/region.js';
import type { TaskClock } from '../../memory/task-clock.js';
import { TraceWriter } from '../../memory/trace-ring.js';
import { CreditLog } from './credit-log.js';
import { type FlowTap, joinedTap } from './flow-tap.js';
import { TappedClock } from './tapped-clock.js';
import { TappedExchange, TappedLender } from './tapped-exchange.js';
import { TraceTap } from './trace-tap.js';

/** What is to be told of one task. */
export interface TapDeployment {
  /** When the run was started, monotonic. */
  readonly startedMs: number;
  /** Write the credit log. */
  readonly logsCredit: boolean;
  /** Null: nothing is traced. */
  readonly trace: SharedMemory | null;
}

/** What stands in the place of parts of a task that is watched. tap/installed */
export interface TaskTaps {
  readonly Lender: typeof SegmentLender;
  attach(spec: ExchangeSpec, memory: SharedMemory, attempt: number): Exchange;
  clock(control: ControlArena): TaskClock;
}

/**
 * @param isAlone  the thread has no other task and no application beside it
 * Runs in: the thread of the task.
 */
export function openTaskTaps(
  deployment: TapDeployment,
  task: number,
  attempt: number,
  nameOf: (task: number) => string,
  isAlone: boolean,
): TaskTaps {
  const nowMs = (): number => SYSTEM_CLOCK.monotonicMs();
  const { startedMs, logsCredit, trace } = deployment;
  const taps: FlowTap[] = [];
  if (logsCredit) taps.push(new CreditLog({ task, nameOf, startedMs, nowMs, write: writeLine }));
  if (trace !== null) taps.push(new TraceTap(new TraceWriter(trace, attempt, task), nowMs, isAlone));
  const tap = joinedTap(taps);
  return {
    Lender: TappedLender,
    attach: (spec, memory, each) => new TappedExchange(spec, memory, each, tap),
    clock: (control) => control.clock(task, (words, base) => new TappedClock(words, base, tap, nowMs)),
  };
}

const STDERR = 2;

/** Past `process.stderr`, which a thread that sleeps does not empty. A pipe that takes no more loses lines. */
function writeLine(line: string): boolean {
  try {
    writeSync(STDERR, `${line}\n`);
    return true;
  } catch {
    return false; // a run does not fail for the sake of its log
  }
}
