import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const terminal = suite('live block');
const TERMINAL = new URL('../../engine/cli/terminal.js', import.meta.url).href;

/** Runs a script whose stderr believes it is a terminal, and gives what it wrote there. */
function onTerminal(script: string): string {
  const prelude = `import { LiveBlock } from ${JSON.stringify(TERMINAL)};
    process.stderr.isTTY = true;
    const block = new LiveBlock(process.stderr);
`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', prelude + script], {
    encoding: 'utf8',
  });
  return stderr.replaceAll('\x1b', 'E');
}

terminal('lines are redrawn in place, and the cursor comes back', () => {
  assert.is(
    onTerminal("block.draw(['a', 'b']); block.draw(['c']); block.close(); block.close();"),
    'E[?25l\raE[K\nbE[K\nE[JE[2A\rcE[K\nE[JE[?25h',
  );
});

terminal('what others write goes above the block, and does not share a line with it', () => {
  assert.is(
    onTerminal(
      "block.draw(['a']); process.stderr.write('log\\n'); process.stderr.write('half'); block.draw(['b']); block.close(); process.stderr.write('end');",
    ),
    'E[?25l\raE[K\nE[JE[1A\rE[Jlog\nhalf\n\rbE[K\nE[JE[?25hend',
  );
});

terminal('the cursor comes back when the process exits or an error ends it', () => {
  assert.match(onTerminal("block.draw(['a']); process.exit(1);"), /E\[\?25h$/);
  assert.match(onTerminal("block.draw(['a']); setTimeout(() => { throw new Error('x'); });"), 'E[?25h');
});

terminal.run();
