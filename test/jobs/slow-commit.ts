/** A few rows into a file that takes half a second to become visible; another beside it tells when that begins. */
import { writeFileSync } from 'node:fs';
import { job, t } from 'sluice';
import { collection, ndjson } from 'sluice/connectors';

const Row = t.record({ n: t.int32 });
const COMMIT_MS = 500;

export default job('slow-commit', { params: { output: t.string } }, (flow, { output }) => {
  const file = ndjson<{ n: number }>(output, { createFolder: true });
  flow.from(collection([{ n: 1 }, { n: 2 }], Row)).to({
    ...file,
    createCommitter: (context) => {
      const committer = file.createCommitter(context);
      return {
        commit: async (committables) => {
          writeFileSync(`${output}.begun`, '');
          await new Promise((resolve) => setTimeout(resolve, COMMIT_MS));
          await committer.commit(committables);
        },
        abort: () => committer.abort(),
      };
    },
  });
});
