import { attachedRuns, diagnosisOf, runNamed } from '../control/serve/attached-runs.js';
import { diagnosisText } from './diagnosis-text.js';

/**
 * Looks at a job that runs in some process of this user, and tells what holds it up.
 *
 * @throws SluiceError RUN_UNKNOWN, RUN_UNREACHABLE
 */
export async function runDoctorCommand(command: {
  readonly id: string;
  readonly seconds: number;
  readonly json: boolean;
}): Promise<string> {
  const run = runNamed(command.id, await attachedRuns());
  const diagnosis = await diagnosisOf(run, command.seconds);
  if (command.json) return JSON.stringify(diagnosis);
  return diagnosisText(diagnosis, null, process.stdout.columns || 80).join('\n');
}
