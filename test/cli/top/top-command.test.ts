import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoCommand } from '../../../engine/cli/demo-command.js';
import { topCommand } from '../../../engine/cli/top/top-command.js';
import { start } from '../../../engine/control/engine.js';
import type { Run } from '../../../engine/control/run.js';
import { FakeTerminal } from '../../kit/fake-terminal.js';
import { failureOf, jobPath, resources, until } from '../../kit/run-kit.js';

const top = suite('sluice top');
const home = mkdtempSync(join(tmpdir(), 'sluice-test-top-'));
process.env['XDG_RUNTIME_DIR'] = home;
process.env['TERM'] = 'xterm';
top.after(() => rmSync(home, { recursive: true }));

const begin = () => start(jobPath('endless'), { params: { sourceRate: 500 }, parallelism: 1 });
const isBack = ({ isOtherScreen, isRaw, hasCursor }: FakeTerminal) => !isOtherScreen && !isRaw && hasCursor;

const connections = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;

/** A program's output that is no terminal. */
function pipe(): { readonly streams: FakeTerminal['streams']; text: string } {
  const piped = { streams: {} as FakeTerminal['streams'], text: '' };
  const output = { isTTY: false, write: (text: string) => (piped.text += text) !== '' };
  Object.assign(piped.streams, { input: { isTTY: false }, output });
  return piped;
}

let run: Run;

top('a running job is looked at, down to a subtask, and the terminal is given back', async () => {
  const none = await failureOf(topCommand({ id: null }, pipe().streams));
  assert.equal([none.code, none.message], ['RUN_UNKNOWN', 'RUN_UNKNOWN: no job is running']);
  run = await begin();
  const before = connections();
  const terminal = new FakeTerminal();
  const code = topCommand({ id: null }, terminal.streams);
  await until(() => /> ?generate/.test(terminal.text));
  assert.match(terminal.lines[0]!, /^endless {2}RUNNING/);
  assert.match(terminal.text, /\n {2}\| hash /);
  terminal.type('\x1b[B\r');
  assert.match(terminal.text, /> +0 /);
  terminal.type('f');
  assert.match(terminal.text, /where the time of .*, subtask 0/);
  terminal.resize(60, 12);
  terminal.type('\x1b[D');
  assert.match(terminal.text, /> +0 /);
  process.emit('SIGTERM', 'SIGTERM');
  assert.is(await code, 143);
  assert.ok(isBack(terminal));
  await until(() => connections() === before); // what is still open would keep the command
});

top('without a terminal it is one frame of text', async () => {
  const one = pipe();
  assert.is(await topCommand({ id: run.id.slice(0, 8) }, one.streams), 0);
  assert.match(one.text, /^endless {2}RUNNING.*\n\n {2}vertex +busy +back +idle/);
  assert.match(one.text, /\n {2}generate/);
  assert.not.match(one.text, '\x1b');
});

top('of several jobs one is chosen, or has to be named; when it ends, that is said', async () => {
  const other = await begin();
  const several = await failureOf(topCommand({ id: null }, pipe().streams));
  assert.is(several.code, 'RUN_UNKNOWN');
  const names = [run, other].map(({ id }) => `${id.slice(0, 8)} (endless)`).join(', ');
  assert.match(several.message, `2 jobs are running, name one: ${names}`);

  const left = new FakeTerminal();
  const codeLeft = topCommand({ id: null }, left.streams);
  await until(() => left.lines[0] === '2 jobs are running');
  left.type('\x03');
  assert.is(await codeLeft, 130);
  assert.ok(isBack(left));

  const terminal = new FakeTerminal();
  const code = topCommand({ id: null }, terminal.streams);
  await until(() => terminal.lines[0] === '2 jobs are running');
  assert.match(terminal.text, `\n> ${run.id.slice(0, 8)}`);
  terminal.type('\x1b[B');
  assert.match(terminal.text, `\n> ${other.id.slice(0, 8)}`);
  terminal.type('\r');
  await until(() => terminal.text.startsWith('endless  RUNNING'));
  await other.stop();
  assert.is(await code, 0);
  assert.ok(isBack(terminal));
  assert.match(terminal.text, new RegExp(`endless \\(${other.id.slice(0, 8)}\\) STOPPED after 0:`));
  await run.cancel();
});

top(
  'the demo: a slow sink stops the source, a fast one lets it go on, and nothing is left of it',
  async () => {
    assert.is((await failureOf(demoCommand(pipe().streams))).code, 'TERMINAL_MISSING');
    const before = resources();
    const terminal = new FakeTerminal();
    const code = demoCommand(terminal.streams);
    await until(() => /> source[\s\S]* work[\s\S]* sink/.test(terminal.text) && /flows/.test(terminal.text));
    terminal.type('\x1b[B'.repeat(10));
    await until(() => /takes nothing/.test(terminal.text));
    await until(() => /source .* paused/.test(terminal.text) && /held up by +sink/.test(terminal.text));
    const held = /holds ([\d,]+)/.exec(terminal.text)![1];
    assert.is(held, '1,024');
    terminal.type('\x1b[A'.repeat(10));
    await until(() => /source .* flows/.test(terminal.text));
    terminal.type('q');
    assert.is(await code, 0);
    assert.ok(isBack(terminal));
    assert.match(terminal.text, /the demo ran for 0:\d\d\.\d: [\d,]+ records/);
    assert.is(resources(), before);
  },
);

top.run();
