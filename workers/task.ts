import type { TaskAssignment } from '../engine/control/threads/protocol.js';
import { serve } from '../engine/control/threads/rpc.js';
import { createTaskAgent } from '../engine/control/threads/worker-agent.js';

// Stack traces of jobs written in TypeScript name the user's own lines.
process.setSourceMapsEnabled(true);

/**
 * What a worker thread starts with: serves one agent on the port until the master closes the port.
 *
 * Runs in: a worker, once for each subtask placed there.
 */
export default async function runTask({ port }: TaskAssignment): Promise<void> {
  await serve(port, createTaskAgent()).closed;
}
