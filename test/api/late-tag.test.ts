import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { outputTag } from '../../engine/functions/output-tag.js';
import { t } from '../../engine/records/schema.js';
import { Flight, faultsOf, sink, source } from '../kit/plan-kit.js';

const lateRows = suite('tags of late rows');

/** Faults of a job whose builder is written as a JavaScript user could. */
const faults = (build: (flow: any) => unknown) => faultsOf(job('j', build as any));
const timed = (flow: any) => flow.from(source(Flight, '/in/flights')).eventTime('date');

lateRows('a tag for late rows has fields that they have, and is read behind its windows', () => {
  const Strange = t.record({ origin: t.category, delay: t.string });
  const windowed = (late: unknown) => (flow: any) =>
    timed(flow)
      .keyBy('origin')
      .window(tumbling('1h'), { late } as never)
      .aggregate({ n: count() });
  const faultsOfTag = (late: unknown) => faults((flow) => windowed(late)(flow).to(sink()));
  const unknown = outputTag('late', t.record({ whither: t.string }));
  assert.equal(faultsOfTag(outputTag('late')), []);
  assert.match(
    faultsOfTag(unknown)[0]!,
    /^ARGUMENT_INVALID: .*'whither' of late rows; they have no such field$/,
  );
  assert.match(
    faultsOfTag(outputTag('late', Strange))[0]!,
    /'delay' of late rows; theirs is of another type$/,
  );
  assert.match(faultsOfTag('late')[0]!, /^ARGUMENT_INVALID: .*late is a tag made by outputTag/);
  const [unread] = faults((flow) =>
    windowed(outputTag('late'))(flow).sideOutput(outputTag('other')).to(sink()),
  );
  assert.match(unread!, /gives no rows to the tag 'other'/);
});

lateRows.run();
