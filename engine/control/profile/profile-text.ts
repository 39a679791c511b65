import type { HotFunction, OwnerTime } from './on-cpu.js';
import type { RunProfile } from './run-profile.js';
import type { TaskProfile } from './task-profile.js';

const COLUMNS = 80;
/** Functions that are told of one owner. */
const FUNCTIONS_MAX = 3;
/** What has less of the time is left out. */
const SHARE_MIN = 0.005;
const BAR = 20;
const PERCENT = 7;

/** See RunProfile. */
export function profileText({ job, elapsedMs, tasks }: RunProfile): string {
  return [`${job}, ${(elapsedMs / 1000).toFixed(1)} s`, ...tasks.flatMap(taskLines)].join('\n');
}

function taskLines(task: TaskProfile): readonly string[] {
  const { name, subtask, busyMs, elapsedMs, onCpu, missing, offCpu } = task;
  const head = beside(
    cut(`${name} (${subtask})`, COLUMNS - 12),
    `busy ${percent(busyMs / elapsedMs).trim()}`,
  );
  const owners =
    onCpu === null
      ? [`  no samples: ${missing}`]
      : onCpu.owners
          .filter(({ kind, share }) => kind === 'operator' || share >= SHARE_MIN)
          .flatMap((owner) => ownerLines(owner, onCpu.ms));
  const off = offCpu.children
    .filter(({ ms }) => ms >= SHARE_MIN * elapsedMs)
    .map((wait) => {
      const [most] = wait.children;
      const of = most === undefined ? '' : `, ${most.name}`;
      return `  ${percent(wait.ms / elapsedMs)}  ${cut(wait.name + of, COLUMNS - PERCENT - 4)}`;
    });
  return ['', head, ...owners, ...(off.length === 0 ? [] : ['  off the cores, of all the time', ...off])];
}

function ownerLines({ name, share, functions }: OwnerTime, allMs: number): readonly string[] {
  const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR);
  const shown = cut(name, COLUMNS - PERCENT - BAR - 6).padEnd(COLUMNS - PERCENT - BAR - 6);
  const top = functions.filter(({ ms }) => ms >= SHARE_MIN * allMs).slice(0, FUNCTIONS_MAX);
  return [`  ${shown}  ${bar}${percent(share)}`.trimEnd(), ...top.map((each) => functionLine(each, allMs))];
}

function functionLine({ name, place, hotPlace, ms }: HotFunction, allMs: number): string {
  const where = hotPlace ?? place;
  const what = where === null ? name : `${name} ${where}`;
  return `    ${percent(ms / allMs)}  ${cut(what, COLUMNS - PERCENT - 6)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(PERCENT);
}

function beside(left: string, right: string): string {
  return `${left.padEnd(COLUMNS - right.length)}${right}`;
}

/** The end of a place matters more than its begin. */
function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, 20)}…${text.slice(text.length - columns + 21)}`;
}
