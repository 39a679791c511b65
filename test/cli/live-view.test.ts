import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderLiveView, renderPlainLine } from '../../engine/cli/live-view.js';
import type { Metrics, TaskMetrics } from '../../engine/control/metrics/metrics.js';
import { pressureLevel } from '../../engine/control/metrics/pressure.js';
import { AT_REST } from '../../engine/control/metrics/time-ratios.js';
import { vertexMetrics } from '../../engine/control/metrics/vertex-metrics.js';
import { taskMetrics } from '../kit/task-metrics.js';

const view = suite('live view');

const task = (over: Partial<TaskMetrics>): TaskMetrics =>
  taskMetrics({
    name: 'parquet -> eventTime -> filter',
    busyRatio: 0.96,
    idleRatio: 0.04,
    recordsIn: 1e6,
    recordsOut: 5e5,
    recordsInPerSecond: 950_000,
    watermarkMs: Date.UTC(2001, 2, 12),
    ...over,
  });
const withTasks = (metrics: Omit<Metrics, 'vertices'>): Metrics => ({
  ...metrics,
  vertices: vertexMetrics(metrics.tasks),
});
const METRICS = withTasks({
  job: 'flight-delays',
  state: 'RUNNING',
  elapsedMs: 1_400,
  windowMs: 1_000,
  recordsIn: 2e6,
  recordsInTotal: 3e6,
  recordsInPerSecond: 1.9e6,
  segmentBytes: 41e6,
  writesToStdout: false,
  tasks: [
    task({}),
    task({ subtask: 1 }),
    task({
      vertex: 'b',
      name: 'window(tumbling 1d) -> csv',
      busyRatio: 0.31,
      idleRatio: 0.69,
      recordsInPerSecond: 350_000,
    }),
    task({
      vertex: 'b',
      name: 'window(tumbling 1d) -> csv',
      subtask: 1,
      busyRatio: 0.31,
      recordsInPerSecond: 350_000,
      idleRatio: 0.69,
    }),
  ],
});

view('it has a head, a line for each task with its busy bar, and a foot', () => {
  assert.equal(renderLiveView(METRICS, 80, false), [
    'flight-delays  RUNNING  0:01.4   4 tasks   1.9 M records/s   41 MB segments',
    '',
    '  parquet -> eventTime -> filter   2 tasks   busy  96 %  ###########  1.9 M/s in',
    '  window(tumbling 1d) -> csv       2 tasks   busy  31 %  ###........  700 k/s in',
    '  watermark 2001-03-12   backpressure ok   eta 0:01   # busy . idle',
  ]);
});

view('no line is wider than the terminal, whatever the names and figures', () => {
  const metrics = fc.record({
    name: fc.string({ unit: 'grapheme', maxLength: 60 }),
    job: fc.string({ unit: 'grapheme', maxLength: 100 }),
    busyRatio: fc.double({ min: -1, max: 3, noNaN: true }),
    backpressuredRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    bytesIn: fc.constant(0),
    bytesOut: fc.constant(0),
    recordsInPerSecond: fc.double({ min: 0, max: 1e15, noNaN: true }),
    watermarkMs: fc.option(fc.double({ noNaN: true })),
  });
  fc.assert(
    fc.property(
      metrics,
      fc.integer({ min: 20, max: 200 }),
      fc.boolean(),
      ({ job, ...figures }, columns, color) => {
        for (const line of renderLiveView(
          withTasks({ ...METRICS, job, tasks: [task(figures), ...METRICS.tasks] }),
          columns,
          color,
        )) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
          const bare = line.replace(/\x1b\[\d+m/g, '');
          assert.not.match(bare, /\p{Cc}/u);
          assert.ok([...bare].length <= columns, `${[...bare].length} > ${columns}: ${bare}`);
        }
      },
    ),
    { numRuns: 300, verbose: 1 },
  );
});

view('colours change nothing but colours', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const bare = renderLiveView(METRICS, 80, true).map((line) => line.replace(/\x1b\[\d+m/g, ''));
  assert.equal(bare, renderLiveView(METRICS, 80, false));
});

view('tasks that do not fit the terminal are counted', () => {
  const tasks = Array.from({ length: 10 }, (_, at) => task({ vertex: `v${at}`, name: `task ${at}` }));
  const lines = renderLiveView(withTasks({ ...METRICS, tasks }), 80, false, 8);
  assert.is(lines.length, 8);
  assert.is(lines.at(-2), '  and 6 more');
});

view('without a known size there is no time left to show, and without watermarks none', () => {
  const { recordsInTotal: _, ...unknown } = METRICS;
  const lines = renderLiveView(withTasks({ ...unknown, tasks: [task({ watermarkMs: null })] }), 79, false);
  assert.is(lines.at(-1), '  backpressure ok');
});

view('the worst backpressure of all tasks is named, with the levels of Flink', () => {
  assert.equal([0, 0.1, 0.11, 0.5, 0.51, 1].map(pressureLevel), ['ok', 'ok', 'low', 'low', 'high', 'high']);
  const pressured = withTasks({
    ...METRICS,
    tasks: [task({ busyRatio: 0.3, backpressuredRatio: 0.7, idleRatio: 0 }), task({ vertex: 'b' })],
  });
  assert.match(renderLiveView(pressured, 80, false).at(-1)!, 'backpressure high');
  assert.match(renderLiveView(pressured, 80, false)[2]!, /#-+/);
});

view('a bar tells where the time goes: every state has its sign, and none loses a cell to rounding', () => {
  const lineOf = (over: Partial<TaskMetrics>): string =>
    renderLiveView(
      withTasks({ ...METRICS, tasks: [task({ ...AT_REST, name: 'a', ...over })] }),
      80,
      false,
    )[2]!;
  const bar = (over: Partial<TaskMetrics>): string => /% {2}(.{24}) {2}/.exec(lineOf(over))![1]!;
  const thirds = { busyRatio: 1 / 3, backpressuredRatio: 1 / 3, idleRatio: 1 / 3 };
  assert.is(bar(thirds), '########--------........');
  assert.is(bar({ rateLimitedRatio: 0.25, asyncRatio: 0.25, idleRatio: 0.5 }), '~~~~~~~~~~~~............');
  assert.is(bar({ busyRatio: 0.0625, backpressuredRatio: 0.9375 }), '##----------------------');
  assert.is(bar({}), ' '.repeat(24), 'a task that does not run');
  const uneven = { busyRatio: 0.02, backpressuredRatio: 0.02, rateLimitedRatio: 0.02, idleRatio: 0.94 };
  assert.is(bar(uneven).trim().length, 24);
});

view('a narrow terminal shows fewer figures, each whole and with its unit', () => {
  assert.equal(renderLiveView(METRICS, 60, false), [
    'flight-delays  RUNNING  0:01.4   4 tasks   1.9 M records/s',
    '',
    '  parquet -> ev..   2 tasks   busy  96 %  ######  1.9 M/s in',
    '  window(tumbli..   2 tasks   busy  31 %  ##....  700 k/s in',
    '  watermark 2001-03-12   backpressure ok   eta 0:01',
  ]);
  assert.equal(renderLiveView(METRICS, 40, false), [
    'flight-delays  RUNNING  0:01.4',
    '',
    '  parquet -> ..   busy  96 %  1.9 M/s in',
    '  window(tumb..   busy  31 %  700 k/s in',
    '  backpressure ok   eta 0:01',
  ]);
});

view('at no width is a figure cut', () => {
  const partsOf = (columns: number, state: Metrics['state']) =>
    renderLiveView({ ...METRICS, state }, columns, true)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      .map((line) => line.replace(/\x1b\[\d+m/g, '').replace('busy  ', 'busy '))
      .flatMap((line) => line.trim().split(/ {2,}/));
  for (const state of ['RUNNING', 'STOPPING', 'FINISHED'] as const) {
    const whole = new Set(partsOf(200, state));
    for (let columns = 20; columns < 200; columns++) {
      const cut = partsOf(columns, state).filter((part) => !whole.has(part) && !/\.\.$|^[#.]+$/.test(part));
      assert.equal(cut, [], `${state} at ${columns} columns`);
    }
  }
});

view('while it stops there are no figures of the inputs, which are at rest', () => {
  const stopping = { ...METRICS, state: 'STOPPING', recordsInPerSecond: 0 } as const;
  assert.is(
    renderPlainLine(stopping),
    'flight-delays  STOPPING  0:01.4  records in flight are brought to their end  backpressure ok',
  );
  assert.is(
    renderLiveView(stopping, 80, false)[0],
    'flight-delays  STOPPING  0:01.4   records in flight are brought to their end',
  );
});

view('a log gets one line', () => {
  assert.is(
    renderPlainLine(METRICS),
    'flight-delays  RUNNING  0:01.4  2.0 M of 3.0 M records  1.9 M/s  backpressure ok  eta 0:01',
  );
});

view.run();
