/**
 * An application with a job inside: `node examples/alerts-application.mjs`.
 *
 * It pushes payments as fast as the job takes them, and is told of users who spent more than their limit.
 */
import { start } from 'sluice';

/** @type {import('sluice').Run<typeof import('./alerts.ts').default>} */
const run = await start(new URL('./alerts.ts', import.meta.url), {
  parallelism: 2,
  params: { limit: 5_000_000 },
});

async function pay() {
  for (let i = 0; i < 100_000; i++) {
    await run.inputs.payments.push({ user: `user-${i % 1000}`, cents: (i * 7919) % 100_000 });
  }
  run.inputs.payments.end();
}

const warned = new Set();

async function warn() {
  for await (const { user, spent } of run.outputs.alerts) {
    if (!warned.has(user)) console.log(`${user} has spent ${(spent / 100).toFixed(2)}`);
    warned.add(user);
  }
}

await Promise.all([pay(), warn()]);
const { recordsIn } = await run.finished;
console.log(
  `${recordsIn} payments, ${warned.size} users above their limit, ${run.inputs.payments.pauses} pauses`,
);
