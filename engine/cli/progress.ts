import type { Run } from '../control/run.js';
import { renderLiveView, renderPlainLine } from './live-view.js';
import { LiveBlock } from './terminal.js';

/** How often a person sees new figures. */
const REDRAW_MS = 200;
/** How often a log gets a line: every so many samples, taken often enough for rates over about a second. */
const SAMPLES_PER_PLAIN_LINE = 5;
const SAMPLE_MS = 1_000;

/** Shows how a run goes, on stderr, until stopped. Rows printed on the same terminal would tear a view in place. */
export interface Progress {
  /** @param shouldDraw  with the last figures left on the screen */
  stop(shouldDraw: boolean): void;
}

/**
 * @param color  ANSI colours in the live view
 */
export function showProgress(run: Run, stream: NodeJS.WriteStream, color: boolean): Progress {
  if (!stream.isTTY || (process.stdout.isTTY && run.metrics().writesToStdout)) {
    let samples = 0;
    const timer = setInterval(() => {
      const metrics = run.metrics();
      if (++samples % SAMPLES_PER_PLAIN_LINE === 0) stream.write(`${renderPlainLine(metrics)}\n`);
    }, SAMPLE_MS);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  }
  const block = new LiveBlock(stream);
  // The last column stays free: some terminals wrap as soon as it is written.
  const draw = () => block.draw(renderLiveView(run.metrics(), block.columns - 1, color, block.rows - 1));
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  draw();
  return {
    stop(shouldDraw) {
      clearInterval(timer);
      if (shouldDraw) draw();
      block.close();
    },
  };
}
