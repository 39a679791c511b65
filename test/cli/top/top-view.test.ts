import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Canvas } from '../../../engine/cli/top/canvas.js';
import { hasUnicode } from '../../../engine/cli/top/canvas.js';
import { RunPast, type RunPicture } from '../../../engine/cli/top/run-picture.js';
import { TOP_BEGIN, type TopState } from '../../../engine/cli/top/top-state.js';
import { renderOnce, renderTop } from '../../../engine/cli/top/top-view.js';
import { HELD_UP, pictureOf } from '../../kit/run-picture-kit.js';
import { taskMetrics } from '../../kit/task-metrics.js';

const view = suite('view of a running job');

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const bare = (line: string): string => line.replace(/\x1b\[[\d;]+m/g, '');
const canvas = (columns: number, rows: number, over: Partial<Canvas> = {}): Canvas => ({
  ...{ columns, rows, colors: 0, isUnicode: true },
  ...over,
});
const shown = (picture: RunPicture, state: TopState, where: Canvas): string[] =>
  renderTop(picture, state, where).map((line) => bare(line).trimEnd());
const PICTURE = pictureOf(HELD_UP);
const SUBTASKS: TopState = { ...TOP_BEGIN, view: 'subtasks', vertex: 1, subtask: 1, back: TOP_BEGIN };
const FLAME: TopState = { ...SUBTASKS, view: 'flame', back: SUBTASKS };
const FLAME_GRAPH = {
  endTimestamp: 1,
  data: {
    ...{ name: 'root', value: 1000 },
    children: [
      {
        ...{ name: 'score', value: 940 },
        children: [
          { name: 'garbage collection', value: 20, children: [] },
          {
            ...{ name: 'score job.ts:41', value: 900 },
            children: [{ name: 'parse job.ts:12', value: 620, children: [] }],
          },
        ],
      },
      { name: 'waits for input', value: 57, children: [] },
      { name: 'waits for credit', value: 3, children: [] },
    ],
  },
};

/** Without the empty lines. */
const filled = (lines: readonly string[]): readonly string[] => lines.filter((line) => line !== '');

view('80 x 24: the graph with its buffers, what holds it up, and the keys', () => {
  assert.equal(filled(shown(PICTURE, TOP_BEGIN, canvas(79, 24))), [
    'flight-delays  RUNNING  1:23   4 tasks   52 k records/s   5.2 MB segments',
    '  vertex              busy   back   idle  time        in/s   out/s  last minute',
    '> parquet -> eve..    28 %   72 %    0 %  ##------    52 k    51 k     ▂▃▄▆▇███',
    '  | hash           sent #######.  90 %   received ######..  80 %   34 buffers',
    '  score x2            96 %    0 %    4 %  ########    51 k    51 k     ▂▃▄▆▇███',
    '  | rebalance      sent ........   5 %   received #.......  10 %   0 buffers',
    '  csv                  7 %    0 %   89 %  #.......    51 k       0     ▂▃▄▆▇███',
    '# busy - backpressured ~ held back . idle   watermark 2001-03-11T23:59:59Z',
    'held up by  score: its work takes all the time of its subtasks, and cores',
    '            are free',
    '  try       raise its parallelism from 2 to 4; at best 1.9x',
    '  evidence  busy 98 %; parquet -> eventTime -> filter backpressured 72 %; ..',
    'Enter/F2 subtasks   f/F3 flame graph   ?/F1 help   q/F10 quit',
  ]);
});

view('80 x 24: the subtasks of a vertex, with more of the chosen one', () => {
  assert.equal(filled(shown(PICTURE, SUBTASKS, canvas(79, 24))).slice(1, -6), [
    'score',
    '  subtask   busy   back   idle  time            in/s   out/s  in pool  out pool',
    '     0      98 %    0 %    2 %  ############    26 k    26 k     80 %       5 %',
    '>    1      94 %    0 %    6 %  ###########.    26 k    26 k     80 %       5 %',
    '  subtask 1  RUNNING',
    '    time     backpressured between records 0 %, inside one 0 %',
    '             held back by a rate 0 %, by a promise 0 %',
    '    input    1.2 MB/s; 17 buffers wait; 2/2 exclusive, 6/8 floating in use',
    '    output   800 kB/s; 0 buffers wait; 22/40 segments free',
    '    records  812 k in, 0 out, 0 late',
    '    heap     41 MB; 31 collections, 12 ms of each second',
  ]);
});

view('no detail of a subtask is wider than 80 columns', () => {
  const low = {
    minMs: 1,
    meanMs: 9,
    stddevMs: 9,
    p50Ms: 1e4,
    p75Ms: 1e4,
    p90Ms: 1e4,
    p95Ms: 1e4,
    p98Ms: 1e4,
  };
  const latency = { markers: 1, ...low, p99Ms: 1e5, p999Ms: 1e6, maxMs: 1e6 };
  const cores = { onCoreRatio: 1, awaitingCoreRatio: 1, latency };
  const shares = { softBackpressuredRatio: 1, hardBackpressuredRatio: 1, rateLimitedRatio: 1, asyncRatio: 1 };
  const picture = pictureOf(HELD_UP.map((task) => ({ ...task, ...cores, ...shares })));
  const lines = shown(picture, SUBTASKS, canvas(300, 60)).filter((line) =>
    /^ {4}[a-z]|^ {13}held/.test(line),
  );
  assert.ok(lines.some((line) => line.startsWith('    core     on one 100 %')));
  assert.ok(lines.includes('    latency  p50 10000 ms, p99 100000 ms, longest 1000000 ms'));
  assert.equal(
    lines.filter((line) => line.length > 79),
    [],
  );
});

view('80 x 24: a flame graph has frames below those that call them, with their share of the whole', () => {
  const picture = { ...PICTURE, flame: FLAME_GRAPH };
  assert.equal(filled(shown(picture, FLAME, canvas(79, 24))).slice(1, -6), [
    'where the time of score goes, subtask 1',
    '   94 %  #########.  score',
    '   90 %  #########.    score job.ts:41',
    '   62 %  ######....      parse job.ts:12',
    '    2 %  ..........    garbage collection',
    '    6 %  #.........  waits for input',
  ]);
});

// biome-ignore format: as it is seen
const LARGE = [
  'flight-delays  RUNNING  1:23   4 tasks   52 k records/s   5.2 MB segments',
  '  vertex                            busy   back   idle   held  time                        in/s   out/s  last minute                        backpressure                       watermark',
  '> parquet -> eventTime -> filter    28 %   72 %    0 %    0 %  #######-----------------    52 k    51 k            ▁▂▂▃▃▃▄▄▅▅▆▆▇▇█████████            ▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▆▆▆▆▆▆  2001-03-12',
  '  | hash            sent ######################..  90 %   received ###################.....  80 %   34 buffers',
  '  score x2                          96 %    0 %    4 %    0 %  #######################.    51 k    51 k            ▁▂▂▃▃▃▄▄▅▅▆▆▇▇█████████            ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  2001-03-11T23:59:59Z',
  '  | rebalance       sent #.......................   5 %   received ##......................  10 %   0 buffers',
  '  csv                                7 %    0 %   89 %    4 %  ##~.....................    51 k       0            ▁▂▂▃▃▃▄▄▅▅▆▆▇▇█████████            ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁',
  '# busy - backpressured ~ held back . idle   watermark 2001-03-11T23:59:59Z',
  'held up by  score: its work takes all the time of its subtasks, and cores are free',
  '  try       raise its parallelism from 2 to 4; at best 1.9x',
  '  evidence  busy 98 %; parquet -> eventTime -> filter backpressured 72 %; csv idle 89 %',
  'Enter/F2 subtasks   f/F3 flame graph   ?/F1 help   q/F10 quit',
];

view('200 x 50: every column, names in full, and all that is known of what holds it up', () => {
  assert.equal(filled(shown(PICTURE, TOP_BEGIN, canvas(199, 50))), LARGE);
});

view('as text once, without a terminal: nothing is chosen, and all of what holds it up is told', () => {
  const lines = filled(renderOnce(pictureOf(HELD_UP, { past: new RunPast() }), 80));
  assert.equal(lines.slice(1, 4), [
    '  vertex                     busy   back   idle   held  time        in/s   out/s',
    '  parquet -> eventTime ..    28 %   72 %    0 %    0 %  ##------    52 k    51 k',
    '  | hash            sent #######.  90 %   received ######..  80 %   34 buffers',
  ]);
  assert.is(lines.at(-1), '            idle 89 %');
});

view('what fits no more is left out whole: inputs first, then vertices far from the chosen one', () => {
  const many = Array.from({ length: 30 }, (_, at) => taskMetrics({ vertex: `v${at}`, name: `vertex ${at}` }));
  const picture = pictureOf(many);
  const lines = shown(picture, { ...TOP_BEGIN, vertex: 20 }, canvas(79, 24));
  assert.is(lines.length, 24);
  assert.match(lines.join('\n'), /\n> vertex 20 /);
  assert.match(lines.join('\n'), / {2}14 more above\n[\s\S]* {2}4 more below\n/);
  assert.not.match(lines.join('\n'), / \| hash/);
  assert.match(shown(picture, TOP_BEGIN, canvas(79, 90)).join('\n'), / \| hash/);
});

view('colours are those of Flink, and nothing is told by them alone', () => {
  const ratios = [
    { busyRatio: 0, idleRatio: 1 },
    { busyRatio: 1 },
    { busyRatio: 0.02, backpressuredRatio: 0.98 },
  ];
  const tasks = ratios.map((each, at) => taskMetrics({ vertex: `v${at}`, name: `v${at}`, ...each }));
  const picture = pictureOf(tasks);
  const grounds = (colors: Canvas['colors']) =>
    renderTop(picture, TOP_BEGIN, canvas(79, 24, { colors })).flatMap((line) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      return /\x1b\[([\d;]+);97m v\d/.exec(line)?.[1] ?? [];
    });
  assert.equal(grounds(16), ['44', '41', '40']);
  // Of the colour cube: blue, red; of the ramp of greys: nearly black.
  assert.equal(grounds(256), ['48;5;68', '48;5;167', '48;5;235']);
  assert.equal(grounds(0), []);
  for (const state of [TOP_BEGIN, SUBTASKS, FLAME]) {
    const plain = renderTop(PICTURE, state, canvas(79, 24));
    assert.equal(renderTop(PICTURE, state, canvas(79, 24, { colors: 256 })).map(bare), plain);
    assert.not.match(plain.join(''), '\x1b');
  }
});

view('without UTF-8 only ASCII is drawn', () => {
  const text = renderTop(PICTURE, TOP_BEGIN, canvas(199, 50, { isUnicode: false })).join('\n');
  assert.match(text, /^[\n -~]*$/);
  assert.equal(
    [{ LANG: 'en_US.UTF-8' }, { LC_ALL: 'C', LANG: 'en_US.UTF-8' }, { LC_CTYPE: 'de_DE.utf8' }, {}].map(
      hasUnicode,
    ),
    [true, false, true, false],
  );
});

view('figures that are old are said to be, and a flame graph that is not there says why', () => {
  const old = { ...PICTURE, note: 'its process has not answered for 0:05' };
  assert.is(shown(old, TOP_BEGIN, canvas(79, 24))[1], 'its process has not answered for 0:05');
  for (const [endTimestamp, why] of [
    [-1, /the run has ended/],
    [-2, /switched off for this run: rest\.flamegraph\.enabled/],
    [-3, /being drawn/],
  ] as const) {
    const text = shown({ ...PICTURE, flame: { endTimestamp } }, FLAME, canvas(79, 24)).join('\n');
    assert.match(text, why);
  }
});

view(
  'at every size and of every run there are as many lines as rows, none too wide or with a control character',
  () => {
    const ratio = fc.double({ min: -1, max: 3, noNaN: true });
    const task = fc.record({
      vertex: fc.constantFrom('a', 'b', 'c', 'd'),
      name: fc.string({ unit: 'grapheme', maxLength: 40 }),
      busyRatio: ratio,
      backpressuredRatio: ratio,
      recordsInPerSecond: fc.double({ min: 0, max: 1e15, noNaN: true }),
      watermarkMs: fc.option(fc.double({ noNaN: true })),
    });
    const state = fc.record({
      view: fc.constantFrom('graph', 'subtasks', 'flame', 'help'),
      vertex: fc.nat(6),
      subtask: fc.nat(6),
      line: fc.nat(9),
      back: fc.constantFrom(null, TOP_BEGIN),
    }) as fc.Arbitrary<TopState>;
    fc.assert(
      fc.property(
        fc.array(task, { minLength: 1, maxLength: 9 }),
        state,
        fc.integer({ min: 20, max: 210 }),
        fc.integer({ min: 6, max: 60 }),
        fc.constantFrom(0, 16, 256),
        (tasks, chosen, columns, rows, colors) => {
          const picture = pictureOf(tasks.map(taskMetrics), { panel: ['a', 'b'], flame: FLAME_GRAPH });
          const lines = renderTop(
            picture,
            chosen,
            canvas(columns, rows, { colors: colors as Canvas['colors'] }),
          );
          assert.is(lines.length, rows);
          for (const line of lines) {
            assert.not.match(bare(line), /\p{Cc}/u);
            assert.ok([...bare(line)].length <= columns, `${columns}: ${bare(line)}`);
          }
        },
      ),
      { numRuns: 200, verbose: 1 },
    );
  },
);

view.run();
