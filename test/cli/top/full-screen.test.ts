import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FullScreen, isInteractive } from '../../../engine/cli/top/full-screen.js';
import { FakeTerminal } from '../../kit/fake-terminal.js';

const screen = suite('full screen');

screen('it takes the other screen, raw keys and no cursor, and gives all back', () => {
  const terminal = new FakeTerminal();
  const full = new FullScreen(terminal.streams);
  const look = () => [terminal.isOtherScreen, terminal.isRaw, terminal.hasCursor];
  full.open();
  assert.equal(look(), [true, true, false]);
  full.draw(['a', 'b']);
  full.close();
  full.close();
  assert.equal(look(), [false, false, true]);
  full.draw(['late']);
  assert.equal(terminal.lines[0], '');
});

screen('whatever was there, a frame is all that is seen', () => {
  const frame = fc.array(fc.constantFrom('', 'a', 'b', 'bb', 'ccc', '\x1b[31mdd\x1b[0m'), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), frame, (before, last) => {
      const terminal = new FakeTerminal(20, 10);
      const full = new FullScreen(terminal.streams);
      full.open();
      for (const lines of [...before, last]) full.draw(lines);
      const bare = last.map((line) => (line.includes('dd') ? 'dd' : line));
      const shown = Array.from({ length: 10 }, (_, at) => bare[at] ?? '');
      assert.equal(terminal.lines, shown);
      full.close();
    }),
    { verbose: 1 },
  );
});

screen('another size and Ctrl-L have it drawn anew', () => {
  const terminal = new FakeTerminal();
  const full = new FullScreen(terminal.streams);
  let frames = 0;
  full.onRedraw = () => full.draw([`frame ${++frames}`, `${full.columns} x ${full.rows}`]);
  full.open();
  full.onRedraw();
  terminal.resize(40, 10);
  assert.equal(terminal.lines.slice(0, 2), ['frame 2', '39 x 10']);
  terminal.type('\x0c');
  assert.is(terminal.lines[0], 'frame 3');
  full.close();
  terminal.resize(80, 24);
  assert.is(frames, 3);
});

screen('it is for terminals on both sides, and not for dumb ones', () => {
  const { streams } = new FakeTerminal();
  const { input, output } = streams;
  assert.is(isInteractive(streams, {}), true);
  assert.is(isInteractive(streams, { TERM: 'dumb' }), false);
  const deaf = { isTTY: false } as never;
  assert.is(isInteractive({ input: deaf, output }, {}), false);
  assert.is(isInteractive({ input, output: deaf }, {}), false);
});

const url = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

/** What a program leaves on its terminal that opens a screen, draws, and then does something. */
async function leftBehind(then: string, signal?: NodeJS.Signals): Promise<string> {
  const program = `
    import { FullScreen } from ${url('engine/cli/top/full-screen.js')};
    import { onScreen } from ${url('engine/cli/top/top-command.js')};
    process.stdin.isTTY = process.stdout.isTTY = true;
    process.stdin.setRawMode = (isRaw) => process.stdout.write(isRaw ? '<raw>' : '<cooked>');
    const screen = new FullScreen({ input: process.stdin, output: process.stdout });
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
    if (signal !== undefined && text.includes('frame')) child.kill(signal);
  });
  await once(child, 'close');
  return text.slice(text.indexOf('frame') + 'frame'.length).replaceAll('\x1b', 'E');
}

const RESTORED = /<cooked>E\[\?25hE\[\?1049l/;

screen('the terminal is given back at an exit, an error that nobody catches, and a signal', async () => {
  const begin = "screen.open(); screen.draw(['frame']);";
  const shown = "await onScreen(screen, () => { screen.draw(['frame']); return new Promise(() => {}); });";
  const [exit, thrown, signal] = await Promise.all([
    leftBehind(`${begin} process.exit(3);`),
    leftBehind(`${begin} setTimeout(() => { throw new Error('x'); });`),
    leftBehind(shown, 'SIGTERM'),
  ]);
  assert.match(exit, RESTORED);
  assert.match(thrown, RESTORED);
  assert.match(signal, RESTORED);
});

screen.run();
