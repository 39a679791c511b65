import { escaped } from '../../base/html-text.js';
import type { Frame } from './frame-tree.js';
import type { RunProfile } from './run-profile.js';
import type { TaskProfile } from './task-profile.js';

/** A frame narrower than this share of its graph cannot be seen. */
const WIDTH_MIN = 0.0005;
const ROW_PX = 20;

/** Colours by what a frame is; the reader's system says whether light or dark. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #667085; --paper: #fff; --line: #d6dae1; --task: #e3e6eb;
  --operator: #bcd2ee; --part: #d5d9e0; --user: #f2a65a; --engine: #c3cbd8; --native: #dcd3ea; --collecting: #e58a8a;
  --waiting: #cfe3d4 }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b5; --paper: #14171d; --line: #333a46;
  --task: #2a303a; --operator: #2f4d75; --part: #3a414d; --user: #9c5a1c; --engine: #414a59; --native: #4c3f66;
  --collecting: #8a3a3a; --waiting: #2a4a35 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  padding: 0 1rem; max-width: 1200px }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .3rem } h3 { font-size: .9rem; margin: .8rem 0 .2rem }
p { margin: .4rem 0 } .soft { color: var(--soft) }
table { border-collapse: collapse } td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums } td.n { text-align: right }
.flame { position: relative; overflow: hidden; border: 1px solid var(--line); border-radius: 4px }
.flame b { position: absolute; box-sizing: border-box; height: ${ROW_PX - 1}px; overflow: hidden; white-space: nowrap;
  font: 12px/${ROW_PX - 1}px ui-monospace, monospace; padding: 0 3px; border-right: 1px solid var(--paper); cursor: pointer }
.flame b:hover { outline: 1px solid var(--ink) } .key { display: inline-block; margin-right: 1rem }
.key i { display: inline-block; width: .8em; height: .8em; margin-right: .3em; vertical-align: -1px }
${['task', 'operator', 'part', 'user', 'engine', 'native', 'collecting', 'waiting'].map((kind) => `.${kind} { background: var(--${kind}) }`).join('\n')}`;

/** A click on a frame makes it as wide as the graph; one on the widest makes all as they were. */
const SCRIPT = `
for (const flame of document.querySelectorAll('.flame')) flame.addEventListener('click', (event) => {
  const at = event.target.closest('b'); if (!at) return;
  const from = +at.dataset.x, width = +at.dataset.w;
  for (const each of flame.children) {
    const left = (each.dataset.x - from) / width, wide = each.dataset.w / width;
    const around = left <= 1e-4 && left + wide >= 1 - 1e-4;
    each.style.left = (around ? 0 : left * 100) + '%'; each.style.width = (around ? 1 : wide) * 100 + '%';
    each.style.display = left + wide <= 1e-4 || left >= 1 - 1e-4 ? 'none' : '';
  }
});`;

// biome-ignore format: a table
const KEY = [
  ['user',       'functions of the job'],
  ['operator',   'operators'],
  ['engine',     'the engine'],
  ['native',     'Node.js and V8'],
  ['collecting', 'garbage collection'],
  ['waiting',    'waiting'],
] as const;

/** See RunProfile. One HTML file that asks for nothing else. Pure. */
export function profilePage({ job, endedAt, elapsedMs, tasks }: RunProfile): string {
  const head = `${new Date(endedAt).toISOString()}, ${(elapsedMs / 1000).toFixed(1)} s, ${tasks.length} tasks`;
  const key = KEY.map(([kind, word]) => `<span class="key"><i class="${kind}"></i>${word}</span>`).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(job)}: sluice profile</title><style>${STYLE}</style></head>
<body>
<h1>${escaped(job)}</h1>
<p class="soft">${head}</p>
<p>${key}</p>
<p class="soft">Wider is longer. Click a frame to see it alone, and the one above it to go back.</p>
${tasks.map(taskPart).join('\n')}
<script>${SCRIPT}</script>
</body></html>
`;
}

function taskPart(task: TaskProfile): string {
  const { name, subtask, busyMs, elapsedMs, onCpu, missing, offCpu } = task;
  const at =
    onCpu === null ? `<p>No samples: ${escaped(missing ?? '')}.</p>` : ownerTable(task) + flame(onCpu.frames);
  return `<h2>${escaped(name)} (${subtask})</h2>
<p class="soft">busy ${percent(busyMs / elapsedMs)}</p>
<h3>At work</h3>
${at}
<h3>Off the cores</h3>
${offCpu.ms === 0 ? '<p class="soft">Never.</p>' : flame(offCpu)}`;
}

function ownerTable({ onCpu }: TaskProfile): string {
  const rows = onCpu!.owners
    .filter(({ kind, ms }) => kind === 'operator' || ms > 0)
    .map(({ name, share, functions }) => {
      const [hot] = functions;
      const where = hot === undefined ? '' : `${hot.name} ${hot.hotPlace ?? hot.place ?? ''}`;
      return `<tr><td>${escaped(name)}</td><td class="n">${percent(share)}</td><td>${escaped(where)}</td></tr>`;
    });
  return `<table><tr><th>operator or part</th><th>at work</th><th>hottest function</th></tr>${rows.join('')}</table>`;
}

function flame(root: Frame): string {
  const boxes: string[] = [];
  let depthMax = 0;
  const draw = (frame: Frame, x: number, depth: number): void => {
    const width = frame.ms / root.ms;
    if (!(width >= WIDTH_MIN)) return;
    depthMax = Math.max(depthMax, depth);
    const told = escaped(`${frame.name}: ${frame.ms.toFixed(0)} ms, ${percent(width)}`);
    const [left, wide] = [x, width].map((share) => `${(share * 100).toFixed(3)}%`);
    boxes.push(
      `<b class="${frame.kind}" title="${told}" data-x="${x.toFixed(6)}" data-w="${width.toFixed(6)}" ` +
        `style="left:${left};width:${wide};top:${depth * ROW_PX}px">${escaped(frame.name)}</b>`,
    );
    let at = x;
    for (const child of frame.children) {
      draw(child, at, depth + 1);
      at += child.ms / root.ms;
    }
  };
  draw(root, 0, 0);
  return `<div class="flame" style="height:${(depthMax + 1) * ROW_PX}px">${boxes.join('')}</div>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
