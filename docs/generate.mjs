/**
 * The pages under docs/ that are made from tables in the code: `node build.mjs --docs` writes them, and the tidy
 * test fails while one is not current. Reads the checked build.
 */
const CHECKED = '../dist/checked/engine';

/** @returns {Promise<{ path: string, text: string }[]>} paths relative to the repository */
export async function generatedPages() {
  return [await errorsPage()];
}

async function errorsPage() {
  const { ERRORS } = await import(`${CHECKED}/base/error-catalogue.js`);
  const reaches = {
    record: 'one record is affected',
    checkpoint: 'one checkpoint is affected; the job goes on',
    task: 'one task ends',
    job: 'the job ends, or does not start',
  };
  const used = Object.keys(reaches).filter((reach) => Object.values(ERRORS).some(([each]) => each === reach));
  return {
    path: 'docs/errors.md',
    text: [
      '# Errors',
      '',
      'Every error of the engine is a `SluiceError` with a `code` from this table. Codes are stable: match on',
      '`error.code`, never on the message. The message adds the numbers, names and places of the case at hand.',
      '',
      ...used.map((reach) => `* **${reach}**: ${reaches[reach]}.`),
      '',
      '| code | reaches | what it means, and what to do |',
      '|---|---|---|',
      ...Object.entries(ERRORS).map(([code, [reach, text]]) => `| \`${code}\` | ${reach} | ${cell(text)} |`),
      '',
      'This page is generated from `engine/base/error-catalogue.ts` by `node build.mjs --docs`.',
      '',
    ].join('\n'),
  };
}

const cell = (text) => text.replaceAll('|', '\\|');
