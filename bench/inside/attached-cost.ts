/**
 * What does it cost to look at a job from outside: every route asked each second, and its events listened to?
 *
 *   node attached-cost.js <size>
 *
 * Who asks is a process of its own, which is there all the time and asks nothing in the slices without.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Run } from 'sluice';
import { costInSlices } from '../probes/alternating-slices.js';
import { reportFigures, sizeArgument } from '../probes/probe-report.js';

const [warmUpMs, pairs, ms] = sizeArgument() === 'smoke' ? [0, 1, 200] : [5_000, 12, 2_000];
const POLLER = fileURLToPath(new URL('./route-poller.js', import.meta.url));

interface Poller {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

let poller = null as Poller | null;

function pollerOf({ url }: Run): Poller {
  const child = spawn(process.execPath, [POLLER, url!], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

async function switchTo(isOn: boolean, run: Run): Promise<void> {
  poller ??= pollerOf(run);
  poller.child.stdin!.write(isOn ? 'on\n' : 'off\n');
  if ((await poller.lines.next()).done) throw new Error('a route could not be asked');
}

try {
  reportFigures({ 'attached-cost': await costInSlices({ warmUpMs, pairs, ms, serve: true, switchTo }) });
} finally {
  if (poller !== null) {
    poller.child.kill();
    await once(poller.child, 'exit');
  }
}
