import type { AttachedRun } from '../../control/serve/attached-runs.js';
import { fit } from '../columns.js';
import { runsTable } from '../ls-command.js';
import type { FullScreen } from './full-screen.js';
import { aroundChosen } from './table.js';
import type { Key } from './top-keys.js';

/** Running jobs to choose one from, as the lines of a screen. Pure. */
export function chooserLines(
  runs: readonly AttachedRun[],
  chosen: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const [head = '', ...lines] = runsTable(runs, columns - 2).split('\n');
  const marked = lines.map((line, at) => `${at === chosen ? '>' : ' '} ${line}`);
  const room = Math.max(1, rows - 6);
  return [
    `${runs.length} jobs are running`,
    '',
    `  ${head}`,
    ...aroundChosen(marked, chosen, room),
    '',
    'up, down: choose   Enter: look at it   q: leave',
  ].map((line) => fit(line, columns));
}

/** Lets somebody choose; `ctrl-c` or `q`: nothing was chosen. */
export function chooseRun(runs: readonly AttachedRun[], screen: FullScreen): Promise<AttachedRun | Key> {
  let chosen = 0;
  const draw = (): void => screen.draw(chooserLines(runs, chosen, screen));
  return new Promise((resolve) => {
    screen.onRedraw = draw;
    screen.onKey = (key) => {
      const step = STEPS[key] ?? 0;
      chosen = Math.min(runs.length - 1, Math.max(0, chosen + step));
      if (key === 'enter' || key === 'right') resolve(runs[chosen]!);
      else if (key === 'q' || key === 'F10' || key === 'ctrl-c' || key === 'escape') resolve(key);
      else draw();
    };
    draw();
  });
}

const STEPS: Readonly<Record<Key, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  'page-up': -10,
  'page-down': 10,
  home: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
};
