import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Frame, frameOver } from '../../../engine/control/profile/frame-tree.js';
import { offCpu, WaitLooks } from '../../../engine/control/profile/off-cpu.js';
import type { OwnerTime } from '../../../engine/control/profile/on-cpu.js';
import { RunProfile } from '../../../engine/control/profile/run-profile.js';
import type { TaskProfile } from '../../../engine/control/profile/task-profile.js';

const forms = suite('forms of profiles');

const leaf = (name: string, ms: number, kind: Frame['kind'] = 'user'): Frame => ({
  name,
  kind,
  ms,
  children: [],
});
const owner = (name: string, share: number, place: string | null = null): OwnerTime => ({
  ...{ kind: 'operator', uid: name, name, ms: share * 1_000, share },
  functions:
    place === null ? [] : [{ name: 'score', place, hotPlace: place, isUsers: true, ms: share * 1_000 }],
});

function taskProfile(subtask: number, changes: Partial<TaskProfile> = {}): TaskProfile {
  const frames = frameOver('map -> <csv>', 'task', [
    { name: 'map', kind: 'operator', ms: 750, children: [leaf('score job.ts:14', 500)] },
    leaf('garbage collection', 250, 'collecting'),
  ]);
  return {
    ...{ vertex: 'v', task: subtask, name: 'map -> <csv>', subtask, elapsedMs: 2_000, busyMs: 1_000 },
    onCpu: {
      owners: [
        owner('map', 0.75, 'a/very/long/folder/with/names/that/go/on/and/on/job.ts:14'),
        owner('csv', 0),
      ],
      frames,
      ms: 1_000,
    },
    missing: null,
    offCpu: frameOver('map -> <csv>', 'task', [leaf('waiting for input', 1_000, 'waiting')]),
    cpuProfile: null,
    ...changes,
  };
}

const profile = new RunProfile('words & more', 1_700_000_000_000, 2_000, [
  taskProfile(0),
  taskProfile(1, { onCpu: null, missing: 'it is away' }),
]);

forms('the text has the operators with their hottest lines, in 80 columns', () => {
  const lines = profile.toText().split('\n');
  assert.ok(lines.every((line) => line.length <= 80));
  assert.is(lines[0], 'words & more, 2.0 s');
  assert.match(lines[2]!, /^map -> <csv> \(0\) +busy 50\.0 %$/);
  assert.match(lines[3]!, /^ {2}map +█{15} +75\.0 %$/);
  assert.match(lines[4]!, /^ +75\.0 % {2}score .*job\.ts:14$/);
  assert.ok(
    lines.some((line) => /^ {3}50\.0 % {2}waiting for input$/.test(line)),
    lines.join('\n'),
  );
  assert.ok(lines.includes('  no samples: it is away'));
});

forms('a flame graph in the form of Flink adds subtasks up, or has one of them', () => {
  const both = profile.toFlameGraph('v', 'full');
  assert.equal(both, {
    endTimestamp: 1_700_000_000_000,
    data: {
      ...{ name: 'root', value: 3_000 },
      children: [
        { name: 'map', value: 750, children: [{ name: 'score job.ts:14', value: 500, children: [] }] },
        { name: 'garbage collection', value: 250, children: [] },
        { name: 'waiting for input', value: 2_000, children: [] },
      ],
    },
  });
  assert.is(profile.toFlameGraph('v', 'off_cpu', 1).data!.value, 1_000);
  assert.is(profile.toFlameGraph('v', 'on_cpu', 1).data!.value, 0);
  assert.is(profile.toFlameGraph('w', 'full').data!.value, 0);
});

forms('the page asks for nothing, and what users wrote is text in it', () => {
  const page = profile.toHtml();
  assert.not.match(page, /(src|href)=|https?:|@import|url\(/);
  assert.match(page, '<h1>words &amp; more</h1>');
  assert.match(page, 'map -&gt; &lt;csv&gt;');
  assert.not.match(page, '<csv>');
  assert.match(page, 'No samples: it is away.');
  const boxes = [...page.matchAll(/<b class="(\w+)" title="[^"]*" data-x="([\d.]+)" data-w="([\d.]+)"/g)];
  assert.equal(
    boxes.slice(0, 4).map(([, kind, x, w]) => [kind, Number(x), Number(w)]),
    [
      ['task', 0, 1],
      ['operator', 0, 0.75],
      ['user', 0, 0.5],
      ['collecting', 0.75, 0.25],
    ],
  );
  assert.match(page, 'prefers-color-scheme: dark');
});

const NONE = {
  busyMs: 0,
  idleMs: 0,
  softBackpressuredMs: 0,
  hardBackpressuredMs: 0,
  asyncMs: 0,
  rateLimitedMs: 0,
  elapsedMs: 0,
};

forms('off the cores a task is by its clock, and by what the system says of its thread', () => {
  const then = { times: NONE, thread: { onCoreMs: 100, awaitingCoreMs: 0 } };
  const times = { ...NONE, busyMs: 1_000, softBackpressuredMs: 300, rateLimitedMs: 50 };
  const tree = offCpu(
    'a',
    0,
    [then, { times, thread: { onCoreMs: 700, awaitingCoreMs: 150 } }],
    new WaitLooks(),
    String,
  );
  assert.equal(
    tree.children.map(({ name, ms }) => [name, ms]),
    [
      ['waiting for credit, between records', 300],
      ['in calls to the system, such as of files', 250],
      ['waiting for a core', 150],
      ['held back by the rate of its source or sink', 50],
    ],
  );
  const untold = offCpu(
    'a',
    0,
    [
      { times: NONE, thread: null },
      { times, thread: null },
    ],
    new WaitLooks(),
    String,
  );
  assert.is(untold.ms, 350);
});

forms.run();
