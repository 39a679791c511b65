/** Payments go in one by one, and whoever spends too much comes out; see alerts-application.mjs. */
import { count, job, sum, t } from 'sluice';

const Payment = t.record({ user: t.string, cents: t.int64 });

export default job(
  'alerts',
  { params: { limit: t.int64.default(100_000) }, inputs: { payments: Payment } },
  ({ payments }, { limit }) => ({
    alerts: payments
      .filter((payment) => payment.cents > 0)
      .keyBy('user')
      .aggregate({ payments: count(), spent: sum('cents') })
      .filter((user) => user.spent > limit),
  }),
);
