/** `sluice bench`, or another command, in a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../engine/cli/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** So little is measured that nothing can be said of it. */
export const SHORT = ['--parallelism', '1', '--seconds', '0.1'] as const;

export class BenchFolder {
  /** To be removed by whoever made it. */
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-test-bench-')));

  readonly #command: 'bench' | 'doctor' | 'run';
  readonly #environment: Readonly<Record<string, string>>;

  constructor(
    command: 'bench' | 'doctor' | 'run' = 'bench',
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#command = command;
    this.#environment = environment;
  }

  begin(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Outcome> } {
    const child = spawn(process.execPath, [MAIN, this.#command, ...args], {
      cwd: this.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CACHE_HOME: join(this.path, '.cache'), ...this.#environment },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout!.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr!.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
    const ended = new Promise<Outcome>((resolve) => {
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended };
  }

  run(...args: readonly string[]): Promise<Outcome> {
    return this.begin(args).ended;
  }

  /** @returns the name */
  write(name: string, text: string): string {
    writeFileSync(join(this.path, name), text);
    return name;
  }
}
