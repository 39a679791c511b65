import { attachedRuns, endRun, runNamed } from '../control/serve/attached-runs.js';
import { EXIT_CODES } from './exit-codes.js';

/**
 * Ends a running job and waits until nothing of it is left.
 *
 * @returns  what it came to, and the exit code: 0 if it ended as asked, or by itself before that
 * @throws SluiceError RUN_UNKNOWN, RUN_UNREACHABLE
 */
export async function stopCommand({
  id,
  isCancel,
}: {
  readonly id: string;
  readonly isCancel: boolean;
}): Promise<{ readonly text: string; readonly exitCode: number }> {
  const run = runNamed(id, await attachedRuns());
  const state = await endRun(run, isCancel ? 'cancel' : 'stop');
  const isAsAsked = state === 'FINISHED' || state === (isCancel ? 'CANCELED' : 'STOPPED');
  return {
    text: `${run.job} (${run.id.slice(0, 8)}) ${state}`,
    exitCode: isAsAsked ? EXIT_CODES.finished[0] : EXIT_CODES.failed[0],
  };
}
