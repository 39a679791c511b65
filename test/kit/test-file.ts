/**
 * Runs one test file in a process of its own and judges it.
 *
 * uvu alone would let these pass: a `before` hook that throws, a test that throws something that is not an Error, a
 * suite that was never run, a file without tests. So a file passes only if it exits with 0, by itself, with nothing
 * left running, after one report in which all tests passed and there was at least one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface FileReport {
  readonly passed: number;
  /** Failed tests, and one more for each fault of the file as a whole. */
  readonly failed: number;
  readonly skipped: number;
  /** Why the file as a whole is not in order; empty if it is. */
  readonly faults: readonly string[];
  /** What it printed on both streams. */
  readonly output: string;
  readonly durationMs: number;
}

export interface TestFileLimits {
  readonly timeoutMs: number;
  /** Time between the report and the end of the process. */
  readonly exitMs: number;
}

/** A file that prints more than this is not kept whole: its beginning goes. */
const OUTPUT_CHARS_MAX = 1_000_000;
const POLL_MS = 25;
const ENTRY = fileURLToPath(new URL('./test-process.js', import.meta.url));
const REPORT = /\n {2}Total: {5}(\d+)\n {2}Passed: {4}(\d+)\n {2}Skipped: {3}(\d+)\n {2}Duration: {2}/g;
const SGR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

export async function runTestFile(path: string, limits: TestFileLimits): Promise<FileReport> {
  const startMs = performance.now();
  // The group of the child is its own, so that whatever it leaves running can be found and ended.
  const child = spawn(process.execPath, [...NODE_FLAGS, ENTRY, path], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SLUICE_CHECKED: '1', NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  const end = endGroup.bind(null, child);
  process.once('exit', end);
  let output = '';
  const collect = (chunk: string): void => {
    output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const faults = await watch(child, limits, () => reports(output).length > 0);
  process.removeListener('exit', end);
  return judge(output, faults, performance.now() - startMs);
}

/** Failures show the lines of the sources, and the package's own name leads to the build under test. */
const NODE_FLAGS = ['--enable-source-maps', '--conditions=sluice-checked'];

/** Waits for the end of the process, or ends it, and says what was wrong with its end. */
async function watch(
  child: ChildProcess,
  limits: TestFileLimits,
  hasReported: () => boolean,
): Promise<string[]> {
  const faults: string[] = [];
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const closed = once(child, 'close');
  let isRunning = true;
  exited.then(
    () => (isRunning = false),
    () => (isRunning = false),
  );
  const deadlineMs = performance.now() + limits.timeoutMs;
  let reportedMs = 0;
  while (isRunning) {
    await Promise.race([exited, sleep(POLL_MS)]);
    if (!isRunning) break;
    const nowMs = performance.now();
    if (reportedMs === 0 && hasReported()) reportedMs = nowMs;
    if (reportedMs !== 0 && nowMs > reportedMs + limits.exitMs) {
      faults.push(
        `did not exit within ${limits.exitMs} ms after its report: a handle or thread is left open`,
      );
      break;
    }
    if (nowMs > deadlineMs) {
      faults.push(`timed out after ${limits.timeoutMs} ms`);
      break;
    }
  }
  if (faults.length > 0) {
    child.kill('SIGUSR2');
    await Promise.race([exited, sleep(500)]);
    endGroup(child);
  }
  const [code, signal] = await exited;
  if (faults.length === 0 && signal !== null) faults.push(`was ended by ${signal}`);
  if (faults.length === 0 && code !== 0) faults.push(`exited with code ${code}`);
  if (await hasLeftovers(child.pid!)) {
    faults.push('left a process running');
    endGroup(child);
  }
  await Promise.race([closed, sleep(1_000)]);
  return faults;
}

/** True when the group of an ended process still has members; a dying one gets a moment. */
async function hasLeftovers(group: number): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (!isGroupAlive(group)) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return !hasOnlyZombies(group);
  } catch {
    return false;
  }
}

/** A process that ended in the same moment as its parent stays in the table until init looks, which some never do. */
function hasOnlyZombies(group: number): boolean {
  if (process.platform !== 'linux') return false;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [state, , processGroup] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .split(') ')
        .at(-1)!
        .split(' ');
      if (Number(processGroup) === group && state !== 'Z') return false;
    } catch {
      // It is gone.
    }
  }
  return true;
}

function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const reports = (output: string): RegExpMatchArray[] => [...output.replaceAll(SGR, '').matchAll(REPORT)];

function judge(output: string, processFaults: readonly string[], durationMs: number): FileReport {
  const found = reports(output);
  const [total, passed, skipped] = (found.at(-1) ?? []).slice(1).map(Number);
  const notPassed = total === undefined ? 0 : total - passed!;
  const faults = [...processFaults];
  if (found.length === 0) faults.push('reported nothing: no suite was run');
  else if (found.length > 1) faults.push('reported more than once: call .run() of every suite in one turn');
  else if (total === 0 && skipped === 0) faults.push('has no tests');
  // uvu itself exits with 1 for failed tests: that is one fact, not two.
  const isExitOfFailures = faults.length === 1 && faults[0] === 'exited with code 1' && notPassed > 0;
  if (isExitOfFailures) faults.length = 0;
  if (notPassed > 0 && processFaults.length === 0)
    faults.push(
      'ended early yet exited with 0: a hook threw, or a test threw something that is not an Error',
    );
  return {
    passed: passed ?? 0,
    failed: notPassed + faults.length,
    skipped: skipped ?? 0,
    faults,
    output,
    durationMs,
  };
}
