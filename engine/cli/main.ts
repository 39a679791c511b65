#!/usr/bin/env node
/**
 * The command `sluice`.
 *
 * This file runs on any Node.js there may be: it imports nothing before it has looked at the version, and hands over
 * to the checked build when SLUICE_CHECKED=1 asks for it.
 */
const OLDEST = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `NODE_TOO_OLD: this is Node.js ${process.versions.node}, and at least ${OLDEST.join('.')} is needed\n` +
      '  This version of Node.js is older than the oldest supported one; install a newer one.\n',
  );
  process.exitCode = 2;
} else {
  const released = '/dist/release/engine/cli/';
  const here = import.meta.url;
  const wantsChecked = process.env['SLUICE_CHECKED'] === '1' && here.includes(released);
  const folder = wantsChecked ? here.replace(released, '/dist/checked/engine/cli/') : here;
  const { runCommandLine } = (await import(
    new URL('./command-line.js', folder).href
  )) as typeof import('./command-line.js');
  await runCommandLine(process.argv.slice(2));
}

export {};
