import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { OptionSurroundings } from './options.js';

/** Cores and memory this process may use. */
export function machineSurroundings(read: ReadText = readText): OptionSurroundings {
  const physical = totalmem();
  const limit = cgroupMemoryLimit(read);
  const limited = limit !== null && limit < physical;
  return {
    cores: availableParallelism(),
    memoryBytes: limited ? limit : physical,
    memoryOrigin: limited ? 'limit of the cgroup' : 'memory of the machine',
  };
}

/** Null: there is no such file. */
export type ReadText = (path: string) => string | null;

/**
 * The smallest memory limit of the control groups this process is in, version 1 or 2, or null without one.
 *
 * A group is limited by its ancestors too. Inside a container the path of the group is that of the host and may not
 * exist; its limit is then at the root of the mount, which is the last place looked at.
 */
export function cgroupMemoryLimit(read: ReadText): number | null {
  let least: number | null = null;
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [id, controllers, path] = splitInThree(line);
    if (path === undefined) continue;
    const isVersion2 = id === '0' && controllers === '';
    if (!isVersion2 && !controllers?.split(',').includes('memory')) continue;
    const [mount, file] = isVersion2
      ? ['/sys/fs/cgroup', 'memory.max']
      : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'];
    for (let group = join('/', path); ; group = dirname(group)) {
      const bytes = Number.parseInt(read(join(mount, group, file)) ?? '', 10); // "max" is not a number: no limit
      if (Number.isFinite(bytes) && bytes > 0 && (least === null || bytes < least)) least = bytes;
      if (group === '/') break;
    }
  }
  return least;
}

/** `4:memory:/a:b` -> the path may hold colons, the rest may not. */
function splitInThree(line: string): readonly [string?, string?, string?] {
  const match = /^(\d+):([^:]*):(.*)$/.exec(line.trim());
  return match === null ? [] : [match[1]!, match[2]!, match[3]!];
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
