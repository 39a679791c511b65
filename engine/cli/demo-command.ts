import type { JobModule } from '../api/job.js';
import { SluiceError } from '../base/errors.js';
import { launch } from '../control/engine.js';
import { watchOwn } from '../control/serve/watched-run.js';
import { padEnd } from './columns.js';
import { DemoEnds, SINK_SPEEDS, SOURCE_PER_SECOND } from './demo-ends.js';
import { colorsOf } from './ink.js';
import { formatBytes, formatElapsed } from './quantities.js';
import { sparkline } from './sparkline.js';
import { levelBar } from './time-bar.js';
import { type Canvas, hasUnicode } from './top/canvas.js';
import { FullScreen, isInteractive, type TerminalStreams } from './top/full-screen.js';
import { PAST_SECONDS } from './top/run-picture.js';
import { exitCodeOfEnd, onScreen } from './top/top-command.js';
import { TopSession } from './top/top-session.js';

/** Beside this file, or in the release one folder beside the chunk that this file is in. */
const JOB_URL = new URL('../cli/demo-job.js', import.meta.url).href;

const FIGURES_MS = 200;
/** Its work on two cores, beside the ends. */
const PARALLELISM = 2;

/**
 * Runs a job whose sink can be made slower and faster while one looks at it.
 *
 * @returns  the exit code
 * @throws SluiceError TERMINAL_MISSING  there is nothing to draw on, or no keys come
 */
export async function demoCommand(
  streams: TerminalStreams = { input: process.stdin, output: process.stdout },
): Promise<number> {
  if (!isInteractive(streams, process.env))
    throw new SluiceError('TERMINAL_MISSING', 'sluice demo is steered by keys, and draws on a terminal');
  const { default: job } = (await import(JOB_URL)) as { readonly default: JobModule<any, any, any> };
  const warnings: string[] = [];
  const launched = await launch(
    { moduleUrl: JOB_URL, jobUrl: JOB_URL, job },
    { parallelism: PARALLELISM, onWarning: ({ message }) => warnings.push(message) },
    null,
  );
  const { run } = launched;
  const leaving = new AbortController();
  const ends = new DemoEnds(run.inputs['source']!, run.outputs['sink']!);
  const memory = new ProcessMemory();
  const screen = new FullScreen(streams);
  const session = new TopSession(watchOwn(launched), screen, {
    colors: colorsOf(streams.output, process.env),
    isUnicode: hasUnicode(process.env),
    intervalMs: FIGURES_MS,
    panel: (canvas) => panelLines(ends, memory, canvas),
    keys: ['j/k choose'],
    onKey: (key) => {
      if (key !== 'up' && key !== 'down') return false;
      ends.change(key === 'up' ? 1 : -1);
      return true;
    },
  });
  try {
    ends.begin(leaving.signal);
    const end = await onScreen(screen, () => session.run());
    if (end.kind === 'ended') await run.finished; // nobody ended it: it failed, and says why
    streams.output.write(`${farewell(run.metrics().elapsedMs, ends)}\n`);
    return exitCodeOfEnd(end);
  } finally {
    leaving.abort();
    memory.close();
    await run.cancel();
    for (const warning of warnings) process.stderr.write(`${warning}\n`);
  }
}

const grouped = (count: number): string => count.toLocaleString('en-US');

const plural = (count: number, what: string): string => `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;

function farewell(elapsedMs: number, { input }: DemoEnds): string {
  return `the demo ran for ${formatElapsed(elapsedMs)}: ${grouped(input.taken)} records, and its source was paused ${plural(input.pauses, 'time')}`;
}

const WORD_COLUMNS = 9;
const BAR_COLUMNS = 12;

/** What the two ends do, and what the process takes. */
function panelLines(
  { sinkPerSecond, step, input }: DemoEnds,
  memory: ProcessMemory,
  { columns, isUnicode }: Canvas,
): readonly string[] {
  const speed = step / (SINK_SPEEDS.length - 1);
  const takes = sinkPerSecond === 0 ? 'takes nothing' : `takes up to ${grouped(sinkPerSecond)} records/s`;
  const state = input.isPaused ? 'paused' : 'flows';
  const cells = Math.min(PAST_SECONDS, Math.max(10, columns - 40));
  const line = sparkline(memory.past, {
    ...{ end: memory.end, seconds: PAST_SECONDS, largest: 0, cells, isUnicode },
  });
  return [
    `${padEnd('sink', WORD_COLUMNS)}${takes.padEnd(29)}  ${levelBar(speed, BAR_COLUMNS, false)}  up: faster, down: slower`,
    `${padEnd('source', WORD_COLUMNS)}${`gives up to ${grouped(SOURCE_PER_SECOND)} records/s`.padEnd(29)}  ${padEnd(state, 6)} ${plural(input.pauses, 'pause')}, holds ${grouped(input.held)}`,
    `${padEnd('memory', WORD_COLUMNS)}${formatBytes(memory.bytes).padEnd(7)} ${line}`,
  ];
}

/** What the process takes, and took in the last minute. */
class ProcessMemory {
  readonly past: number[] = [];
  end = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    const look = (): void => {
      this.past.push(process.memoryUsage.rss());
      this.end++;
      if (this.past.length > PAST_SECONDS) this.past.shift();
    };
    look();
    this.#timer = setInterval(look, 1_000).unref();
  }

  get bytes(): number {
    return this.past.at(-1)!;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
