/**
 * Asks every route of a run once a second, and listens to its events, from `on` on its stdin until `off`.
 *
 *   node route-poller.js <url>
 *
 * Answers `on` and `off` on stdout when all is under way, or nothing is any more.
 */
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import { ROUTES } from '../../engine/control/serve/route-table.js';

const EVERY_MS = 1_000;
const url = process.argv[2]!;

/** One connection, asked by as little of a client as there is: what it takes is not what is measured. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const textAt = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(`${url}${path}`, { agent }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text)).on('error', reject);
    }).on('error', reject);
  });

const jsonAt = async (path: string): Promise<any> => JSON.parse(await textAt(path));

/** All that can be read, of every vertex, and of its first subtask. */
async function readablePaths(): Promise<readonly string[]> {
  const [{ id }] = (await jsonAt('/jobs')).jobs;
  const { vertices } = await jsonAt(`/jobs/${id}`);
  const { taskmanagers } = await jsonAt('/taskmanagers');
  const patterns = Object.keys(ROUTES).flatMap((route) => /^GET (\/.*)$/.exec(route)?.[1] ?? []);
  return patterns
    .filter((pattern) => !pattern.endsWith('/events'))
    .flatMap((pattern) =>
      (pattern.includes(':vertexid') ? (vertices as { id: string }[]) : [{ id: '' }]).map((vertex) =>
        pattern
          .replace(':jobid', id)
          .replace(':vertexid', vertex.id)
          .replace(':subtaskindex', '0')
          .replace(':checkpointid', '1')
          .replace(':taskmanagerid', taskmanagers[0].id),
      ),
    );
}

const paths = await readablePaths();
const [{ id }] = (await jsonAt('/jobs')).jobs;
let attached: AbortController | null = null;
let timer: NodeJS.Timeout | undefined;

async function askAll(): Promise<void> {
  for (const path of paths) await textAt(path);
}

async function listen(signal: AbortSignal): Promise<void> {
  const { body } = await fetch(`${url}/jobs/${id}/events`, { signal });
  for await (const _ of body!) if (signal.aborted) return;
}

function fail(error: unknown): void {
  if (attached === null || attached.signal.aborted) return;
  process.stderr.write(`${error}\n`);
  process.exit(1);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'on') {
    attached = new AbortController();
    listen(attached.signal).catch(fail);
    askAll().catch(fail);
    timer = setInterval(() => askAll().catch(fail), EVERY_MS);
  } else {
    clearInterval(timer);
    attached?.abort();
  }
  process.stdout.write(`${line}\n`);
}
