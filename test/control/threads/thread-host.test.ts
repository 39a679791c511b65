import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Subtask } from '../../../engine/control/subtask.js';
import { ThreadHost, type Waiting } from '../../../engine/control/threads/thread-host.js';
import { ControlArena, createControlArena } from '../../../engine/memory/control-arena.js';
import { STEP, type Step } from '../../../engine/runtime/task-input.js';
import { NotingParker } from '../../kit/noting-parker.js';

const hosts = suite('thread host');

interface Script {
  /** What the steps come to; after a list the task is done. */
  readonly steps: readonly Step[] | (() => Step);
  readonly isAllSent?: boolean;
  readonly isReady?: (after: Step) => boolean;
  readonly isCreditReady?: boolean;
  readonly waitFor?: Promise<void>;
  readonly onStep?: (control: ControlArena, notes: string[]) => void;
  readonly gates?: readonly object[];
}

/** A host over a task that only notes what it is asked to do. */
function hostOf(script: Script, waiting: Waiting = 'sleeps') {
  const control = new ControlArena(createControlArena({ tasks: 1, cursors: 0, attempt: 1 }), 1);
  const notes: string[] = [];
  const parker = new NotingParker(notes);
  const list = typeof script.steps === 'function' ? [] : [...script.steps];
  const next = typeof script.steps === 'function' ? script.steps : () => list.shift() ?? STEP.DONE;
  const task = {
    core: { recordsIn: 0, recordsOut: 0, lateRecords: 0, droppedRecords: 0, watermarkMs: 0 },
    wakeAtMs: (step: number) => (step === STEP.WAIT_TIME ? 0 : Number.POSITIVE_INFINITY),
    waitFor: script.waitFor ?? null,
    step: () => {
      script.onStep?.(control, notes);
      return next();
    },
    flush: () => {
      notes.push('flush');
      return script.isAllSent ?? true;
    },
    ringOwed: () => void notes.push('ring'),
    isReady: script.isReady ?? (() => false),
    isCreditReady: () => script.isCreditReady ?? false,
    cancel: async () => void notes.push('cancel'),
    fail: async (error: unknown) => error,
  };
  const subtask = {
    task,
    gates: script.gates ?? [],
    partitions: [],
    splitsDone: () => 0,
    undeclaredMs: () => 0,
  } as unknown as Subtask;
  const host = new ThreadHost(subtask, control, 0, parker, control.clock(0), waiting);
  return { control, host, notes, parker };
}

const parks = (notes: readonly string[]): string[] => notes.filter((note) => note.startsWith('park'));

hosts('wait/park: a task is parked for what its step waits for, and for mail', async () => {
  const steps = [STEP.WAIT_INPUT, STEP.WAIT_OUTPUT, STEP.WAIT_TIME];
  const { host, notes } = hostOf({ steps });
  assert.is(await host.run(), 'FINISHED');
  assert.equal(parks(notes), [
    'park INPUT+MAIL 100 ms: asleep',
    'park CREDIT+MAIL 100 ms: asleep',
    'park MAIL 0 ms: asleep',
  ]);
});

hosts('all gates of a task are counted, and each is debloated when it is due', async () => {
  const debloated: string[] = [];
  const gateOf = (name: string, buffersIn: number, isDue: boolean) => ({
    ...{ buffersIn, bytesIn: buffersIn * 10, isDebloatDue: () => isDue },
    debloat: () => void debloated.push(name),
  });
  const gates = [gateOf('a', 1, true), gateOf('b', 20, false), gateOf('c', 300, true)];
  const { control, host } = hostOf({ steps: [], gates });
  await host.run();
  const line = control.taskLine(0);
  assert.equal([line.get('buffersIn'), line.get('bytesIn')], [321, 3_210]);
  assert.equal([...new Set(debloated)], ['a', 'c']);
});

hosts('clock/sum: while a task is parked its time goes into what its step waits for', async () => {
  const steps = [STEP.WAIT_INPUT, STEP.WAIT_OUTPUT, STEP.WAIT_TIME, STEP.PROGRESS];
  let release = (): void => {};
  const waitFor = new Promise<void>((resolve) => (release = resolve));
  const seen: (string | null)[] = [];
  const look = (): void => void seen.push(control.clockReader(0).read(0).state);
  const whileAwaiting = (): void => {
    look();
    release();
  };
  const onStep = (): void => {
    look();
    if (seen.length === 8) setTimeout(whileAwaiting, 1);
  };
  const { control, host, parker } = hostOf({ steps: [...steps, STEP.WAIT_PROMISE], waitFor, onStep });
  parker.beforeLook = look;
  await host.run();
  const parked = ['idle', 'softBackpressured', 'rateLimited'];
  assert.equal(seen, [...parked.flatMap((state) => ['busy', state]), 'busy', 'busy', 'async', 'busy']);
  assert.is(control.clockReader(0).read(0).state, null);
});

hosts('a wait lasts until something was done, whatever looks around come in between', async () => {
  const begins = async (between: Step): Promise<number> => {
    const { control, host, parker } = hostOf({ steps: [STEP.WAIT_INPUT, between, STEP.WAIT_INPUT] });
    const began = new Set<number>();
    parker.beforeLook = () => void began.add(control.clockReader(0).read(0).sinceMs);
    await host.run();
    return began.size;
  };
  assert.equal([await begins(STEP.WAIT_INPUT), await begins(STEP.PROGRESS)], [1, 2]);
});

hosts(
  'flush/only-if-sendable, wait/park: what could not be sent makes every wait one for credit too',
  async () => {
    const steps = [STEP.WAIT_INPUT, STEP.WAIT_OUTPUT, STEP.WAIT_TIME];
    for (const isCreditReady of [false, true]) {
      const saw = isCreditReady ? 'ready' : 'asleep';
      const unsent = hostOf({ steps, isAllSent: false, isCreditReady });
      await unsent.host.run();
      assert.equal(parks(unsent.notes), [
        `park INPUT+CREDIT+MAIL 100 ms: ${saw}`,
        `park CREDIT+MAIL 100 ms: ${saw}`,
        `park CREDIT+MAIL 0 ms: ${saw}`,
      ]);
    }
    const sent = hostOf({ steps: [STEP.WAIT_INPUT], isCreditReady: true });
    await sent.host.run();
    assert.equal(parks(sent.notes), ['park INPUT+MAIL 100 ms: asleep'], 'credit is no news to who sent all');
  },
);

hosts('wait/park: a parked task is asked whether it could go on after the step it parks for', async () => {
  const asked: Step[] = [];
  const isReady = (after: Step): boolean => asked.push(after) > 0;
  const { host, notes } = hostOf({ steps: [STEP.WAIT_OUTPUT, STEP.WAIT_TIME, STEP.WAIT_INPUT], isReady });
  await host.run();
  assert.equal(asked, [STEP.WAIT_OUTPUT, STEP.WAIT_TIME, STEP.WAIT_INPUT]);
  assert.is(parks(notes).filter((note) => note.endsWith('ready')).length, 3);
});

hosts('wait/park, control/signals: a stop that comes while the task parks is seen by its look', async () => {
  const { control, host, notes, parker } = hostOf({ steps: [STEP.WAIT_INPUT, STEP.PROGRESS] });
  parker.beforeLook = () => control.requestStop(0);
  assert.is(await host.run(), 'CANCELED');
  assert.equal(notes.slice(-2), ['park INPUT+MAIL 100 ms: ready', 'cancel']);
});

hosts('control/signals: a busy task that is asked to stop takes no further step', async () => {
  let steps = 0;
  const onStep = (control: ControlArena): void => {
    if (++steps === 3) control.requestStop(0);
  };
  const { host } = hostOf({ steps: [0, 0, 0, 0, 0, 0], onStep });
  assert.is(await host.run(), 'CANCELED');
  assert.is(steps, 3);
});

hosts(
  'wait/owed, control/yield: before the first park all is flushed, rung for, and a turn taken',
  async () => {
    const onStep = (_: ControlArena, notes: string[]): void => void setImmediate(() => notes.push('turn'));
    const { host, notes } = hostOf({ steps: [STEP.WAIT_INPUT], onStep });
    await host.run();
    const parkedAt = notes.findIndex((note) => note.startsWith('park'));
    assert.equal(notes.slice(0, parkedAt), ['flush', 'ring', 'ring', 'turn']);
  },
);

hosts('wait/owed, control/yield: a task that stays busy takes a turn, and rings first', async () => {
  const limitMs = performance.now() + 5_000; // long past the time for a turn
  let isTurn = false;
  setImmediate(() => (isTurn = true));
  const steps = (): Step => (isTurn || performance.now() > limitMs ? STEP.DONE : STEP.PROGRESS);
  const { host, notes } = hostOf({ steps });
  await host.run();
  assert.ok(isTurn, 'the event loop got through');
  assert.is(notes[0], 'ring');
});

hosts(
  'wait/owed, control/signals: who awaits a promise has sent and rung all, and looks up for a stop',
  async () => {
    const waitFor = new Promise<void>(() => {}); // never settles
    let steps = 0;
    const onStep = (control: ControlArena): void => {
      if (++steps === 2) control.requestStop(0);
    };
    const { host, notes } = hostOf({ steps: new Array(3).fill(STEP.WAIT_PROMISE), waitFor, onStep });
    assert.is(await host.run(), 'CANCELED');
    assert.equal(notes.slice(0, 2), ['flush', 'ring']);
  },
);

hosts('wait/async, control/signals: an end beside an application awaits what others sleep for', async () => {
  const steps = [STEP.WAIT_INPUT, STEP.WAIT_OUTPUT, STEP.WAIT_TIME];
  const { host, notes } = hostOf({ steps }, 'yields');
  assert.is(await host.run(), 'FINISHED');
  assert.equal(parks(notes), [], 'the thread of the application is never put to sleep');
  assert.equal(
    notes.filter((note) => note.startsWith('await')),
    ['await INPUT+MAIL 100 ms: asleep', 'await CREDIT+MAIL 100 ms: asleep', 'await MAIL 0 ms: asleep'],
  );
});

hosts(
  'control/yield: a busy end beside an application lets it have a turn every other millisecond',
  async () => {
    const turnsOf = async (waiting: Waiting): Promise<number> => {
      let turns = 0;
      let isOver = false;
      const count = (): void => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      let left = 20;
      const steps = (): Step => {
        const endMs = performance.now() + 3; // longer than the time between two turns
        while (performance.now() < endMs);
        return --left === 0 ? STEP.DONE : STEP.PROGRESS;
      };
      setImmediate(count);
      await hostOf({ steps }, waiting).host.run();
      isOver = true;
      return turns;
    };
    const beside = await turnsOf('yields');
    assert.ok(beside >= 8, `${beside} turns in 20 steps`); // every other step, as they take longer than a turn is due
  },
);

hosts.run();
