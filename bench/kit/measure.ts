import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Size, Variant } from './suite.js';

export interface Measurement {
  readonly records: number;
  readonly seconds: number;
  /** User and system time of the whole process, its start and its compiler included. */
  readonly cpuSeconds: number;
  /** The most memory that the process had at once, by its resident set. */
  readonly peakMegabytes: number;
  readonly checksum: string;
  /** What else it was asked to report. */
  readonly amounts: Readonly<Record<string, number>>;
}

/** Ten million objects by string are collected for a minute and more. */
const TIMEOUT_MS = 300_000;

/** Node cannot see the CPU time of an ended child; the shell can. Its report goes to a file of its own. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; exec 3>&2; { time "$@" 2>&3; } 2>"$TIMES"';

/** Nor its peak of memory, which the child itself writes into a file when it exits. */
const PEAK_WRITER = fileURLToPath(new URL('./peak-memory.js', import.meta.url));

/**
 * Runs a variant once, in a process of its own. A failure of it is an error.
 *
 * @param asked  further numbers that it has to report, by name
 */
export async function measure(
  variant: Variant,
  size: Size,
  asked: readonly string[] = [],
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const command = variant.command(size, folder);
    const timesPath = join(folder, '.times');
    const peakPath = join(folder, '.peak');
    const argv = ['-c', TIMED, 'bash', process.execPath, '--import', PEAK_WRITER, ...command.argv];
    const stdout = await runToEnd(variant.name, 'bash', argv, {
      env: { TIMES: timesPath, PEAK: peakPath },
      cwd: command.cwd,
    });
    const [real, user, system] = readFileSync(timesPath, 'utf8').trim().split(' ').map(Number);
    const used = { cpuSeconds: user! + system!, peakMegabytes: Number(readFileSync(peakPath, 'utf8')) };
    if (command.timed.kind === 'process') {
      const checksum = command.checksum?.() ?? '';
      return { records: command.timed.records, seconds: real!, ...used, checksum, amounts: {} };
    }
    const { records, seconds, checksum, ...others } = lastJsonLine(stdout);
    const amounts = Object.fromEntries(asked.map((name) => [name, Number(others[name])]));
    if (![Number(records), Number(seconds), ...Object.values(amounts)].every((each) => each > 0))
      throw nothingReported(variant.name, stdout);
    return {
      ...{ records: Number(records), seconds: Number(seconds), ...used },
      ...{ checksum: String(checksum), amounts },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program that measures by itself. @returns its figures, all finite */
export async function figuresOf(
  name: string,
  argv: readonly string[],
  onceMs?: number,
): Promise<Readonly<Record<string, number>>> {
  const limits = onceMs === undefined ? {} : { timeoutMs: onceMs, showsProgress: true };
  const stdout = await runToEnd(name, process.execPath, argv, limits);
  const { figures } = lastJsonLine(stdout) as { figures?: Record<string, number> };
  if (figures === undefined || !Object.values(figures).every(Number.isFinite))
    throw nothingReported(name, stdout);
  return figures;
}

function nothingReported(name: string, stdout: string): Error {
  return new Error(`${name} reported no measurement: ${stdout.trim().split('\n').at(-1)}`);
}

function lastJsonLine(stdout: string): Record<string, unknown> {
  return parse(stdout.trim().split('\n').at(-1)!) ?? {};
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

interface RunSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly timeoutMs?: number;
  /** What it writes to stderr is passed on at once. */
  readonly showsProgress?: boolean;
}

/** @returns what it wrote to stdout */
function runToEnd(
  name: string,
  file: string,
  argv: readonly string[],
  { env = {}, cwd, timeoutMs = TIMEOUT_MS, showsProgress = false }: RunSettings = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, NODE_OPTIONS: undefined },
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
    const timer = setTimeout(end, timeoutMs);
    process.once('exit', end);
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
      if (showsProgress) process.stderr.write(chunk);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.removeListener('exit', end);
      if (code === 0) resolve(stdout);
      else reject(new Error(`${name} ended with ${signal ?? `code ${code}`}\n${stderr}${stdout}`));
    });
  });
}
