import type { CodeMap } from '../../runtime/codegen/code-map.js';

/**
 * How a profiler that attaches to a thread from outside learns which task lives there, and whose its code is. The
 * thread itself is not asked: it may never come back from a function.
 *
 * Runs in: `showTask` in the worker; the expressions are evaluated there.
 */
export interface TaskBeacon {
  readonly runId: string;
  readonly task: number;
  readonly codeMap: CodeMap;
}

const BEACON = Symbol.for('sluice.task');

export function showTask(beacon: TaskBeacon): void {
  (globalThis as { [BEACON]?: TaskBeacon })[BEACON] = beacon;
}

const SHOWN = `globalThis[Symbol.for('sluice.task')]`;
export const TASK_TEXT = `(({ runId, task } = {}) => ({ runId, task }))(${SHOWN})`;
export const SCRIPTS_TEXT = `${SHOWN}.codeMap.scripts`;
const FUNCTIONS = `${SHOWN}.codeMap.functions()`;
/** For each function that generated code calls: whose it is, its name, and how many lines it has. */
export const OWNERS_TEXT = `${FUNCTIONS}.map(([owner, fn]) =>
  ({ owner, name: fn.name, lines: Function.prototype.toString.call(fn).split('\\n').length }))`;
/** The same functions themselves. */
export const FUNCTIONS_TEXT = `${FUNCTIONS}.map(([, fn]) => fn)`;
