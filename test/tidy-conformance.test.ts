import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { repositoryRoot, sourceFile } from './kit/sources.js';
import { hasTitle, titlesIn } from './kit/test-titles.js';

const conformance = suite('conformance page');
const PAGE = readFileSync(join(repositoryRoot, 'docs/conformance.md'), 'utf8');

/** `exchange/barrier.test.ts` "the title" */
const CITATION = /`([\w/.-]+\.(?:test|sim|stress)\.ts)` "([^"]+)"/g;
const ROW = /^\| (\d+) \|/;
const rows = PAGE.split('\n').filter((line) => ROW.test(line));

/** Citations of a file that is not there, or of a title that no test in it has. */
function wrongCitations(text: string, codeOf: (path: string) => string | null): string[] {
  return [...text.matchAll(CITATION)].flatMap(([, path, title]) => {
    const code = codeOf(path!);
    return code !== null && hasTitle(code, title!) ? [] : [`${path}: ${title}`];
  });
}

function codeOfTest(path: string): string | null {
  const file = join(repositoryRoot, 'test', path);
  return existsSync(file) ? sourceFile(path, readFileSync(file, 'utf8')).code : null;
}

conformance('every case has a row, in order, and every row cites a test', () => {
  const cases = [...Array.from({ length: 75 }, (_, index) => index + 1), 78, 100, 101, 102, 106, 108];
  assert.equal(
    rows.map((row) => Number(ROW.exec(row)![1])),
    cases,
  );
  for (const row of rows) assert.ok([...row.matchAll(CITATION)].length > 0, row);
});

conformance('every test that the page cites is there, by file and title', () => {
  assert.equal(wrongCitations(PAGE, codeOfTest), []);
  assert.is(
    PAGE.match(/\.(?:test|sim|stress)\.ts`/g)!.length,
    [...PAGE.matchAll(CITATION)].length,
    'each file is followed by a title',
  );
});

conformance('a wrong file, a wrong title and a wrong filling of a template are noticed', () => {
  const code = `
suite('plain', () => {});
suite(
  'in two ' +
    'parts',
  async () => {},
);
for (const [name, n] of [['one', 1], ['two', 2]]) suite(\`\${name} is \${n > 1 ? '' : 'not '}noticed\`, async () => {});
for (const [title, rule] of [['a hard wait', 'wait/hard']]) suite(\`\${rule}: \${title} ends\`, () => {});
`;
  assert.is(titlesIn(code).length, 4);
  const cite = (title: string): string => `\`a.test.ts\` "${title}"`;
  const wrong = (text: string): string[] =>
    wrongCitations(text, (path) => (path === 'a.test.ts' ? code : null));
  assert.equal(wrong(['plain', 'in two parts', 'wait/hard: a hard wait ends'].map(cite).join(' ')), []);
  for (const title of ['plai', 'plain and simple', 'parts', 'wait/hard: a soft wait ends'])
    assert.equal(wrong(cite(title)), [`a.test.ts: ${title}`]);
  assert.is(wrong('`b.test.ts` "plain"').length, 1);
});

conformance.run();
