import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupMemoryLimit, machineSurroundings } from '../../../engine/control/options/machine-memory.js';

const machine = suite('memory of the machine');
const filesOf = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? null;

machine('the limit of a version 2 group is read', () => {
  assert.is(
    cgroupMemoryLimit(
      filesOf({ '/proc/self/cgroup': '0::/app\n', '/sys/fs/cgroup/app/memory.max': '1000\n' }),
    ),
    1000,
  );
});

machine('the smallest limit of the group and its ancestors counts', () => {
  const files = {
    '/proc/self/cgroup': '0::/a/b\n',
    '/sys/fs/cgroup/a/b/memory.max': 'max\n',
    '/sys/fs/cgroup/a/memory.max': '700\n',
    '/sys/fs/cgroup/memory.max': '900\n',
  };
  assert.is(cgroupMemoryLimit(filesOf(files)), 700);
});

machine('in a container whose path is that of the host, the limit at the root of the mount counts', () => {
  const files = {
    '/proc/self/cgroup': '9:name=systemd:/x\n4:memory:/docker/abc\n0::/\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '5000\n',
  };
  assert.is(cgroupMemoryLimit(filesOf(files)), 5000);
});

machine('without control groups or limits there is none', () => {
  assert.is(
    cgroupMemoryLimit(() => null),
    null,
  );
  assert.is(
    cgroupMemoryLimit(filesOf({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n' })),
    null,
  );
});

machine('a limit above the physical memory is none', () => {
  const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '9223372036854771712\n' };
  assert.is(machineSurroundings(filesOf(files)).memoryOrigin, 'memory of the machine');
  const small = { ...files, '/sys/fs/cgroup/memory.max': '100000000\n' };
  assert.equal(
    [machineSurroundings(filesOf(small)).memoryBytes, machineSurroundings(filesOf(small)).memoryOrigin],
    [100000000, 'limit of the cgroup'],
  );
});

machine.run();
