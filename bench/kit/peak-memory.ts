/** Loaded before a program that is measured: when it exits, the file `PEAK` says how much memory it had at most, in MB. */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const path = process.env['PEAK'];
const KIB = 1024;

if (isMainThread && path !== undefined)
  process.once('exit', () => writeFileSync(path, `${(process.resourceUsage().maxRSS * KIB) / 1e6}`));
