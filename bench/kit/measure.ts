import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Size, Variant } from './suite.js';

export interface Measurement {
  readonly records: number;
  readonly seconds: number;
  /** User and system time of the whole process, its start and its compiler included. */
  readonly cpuSeconds: number;
  readonly checksum: string;
}

const TIMEOUT_MS = 120_000;

/** Node cannot see the CPU time of an ended child; the shell can. Its report goes to a file of its own. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; exec 3>&2; { time "$@" 2>&3; } 2>"$TIMES"';

/** Runs a variant once, in a process of its own. A failure of it is an error. */
export async function measure(variant: Variant, size: Size): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const command = variant.command(size, folder);
    const timesPath = join(folder, '.times');
    const argv = ['-c', TIMED, 'bash', process.execPath, ...command.argv];
    const { stdout } = await runToEnd(variant.name, argv, timesPath, command.cwd);
    const [real, user, system] = readFileSync(timesPath, 'utf8').trim().split(' ').map(Number);
    const cpuSeconds = user! + system!;
    if (command.timed.kind === 'process') {
      const checksum = command.checksum?.() ?? '';
      return { records: command.timed.records, seconds: real!, cpuSeconds, checksum };
    }
    const { records, seconds, checksum } = lastJsonLine(variant.name, stdout);
    return { records, seconds, cpuSeconds, checksum: String(checksum) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastJsonLine(name: string, stdout: string): { records: number; seconds: number; checksum: unknown } {
  const line = stdout.trim().split('\n').at(-1)!;
  const { records, seconds, checksum } = parse(line) ?? {};
  if (!(Number(records) > 0 && Number(seconds) > 0))
    throw new Error(`${name} reported no measurement: ${line}`);
  return { records: Number(records), seconds: Number(seconds), checksum };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function runToEnd(
  name: string,
  argv: readonly string[],
  timesPath: string,
  cwd?: string,
): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TIMES: timesPath, NODE_OPTIONS: undefined },
      detached: true,
      ...(cwd !== undefined && { cwd }),
    });
    let [stdout, stderr] = ['', ''];
    const end = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    const timer = setTimeout(end, TIMEOUT_MS);
    process.once('exit', end);
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.removeListener('exit', end);
      if (code === 0) resolve({ stdout });
      else reject(new Error(`${name} ended with ${signal ?? `code ${code}`}\n${stderr}${stdout}`));
    });
  });
}
