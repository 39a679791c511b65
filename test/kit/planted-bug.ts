/** Copies of the built engine with one wrong edit, to see that a test notices it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './sources.js';

export interface PlantedBug {
  /** Built file below `engine/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const built = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param bug      undefined: the engine as it was built
 * @param folders  of the engine that are needed; by default all
 * @returns        the folder above `engine`
 */
export function plant(
  bug: PlantedBug | undefined,
  folders?: readonly string[],
): { root: string; remove: () => void } {
  if (bug === undefined) return { root: built, remove: () => {} };
  const root = mkdtempSync(join(tmpdir(), 'sluice-planted-'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const folder of folders ?? [''])
    cpSync(join(built, 'engine', folder), join(root, 'engine', folder), { recursive: true });
  if (folders === undefined) symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  const path = join(root, 'engine', bug.file);
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf(bug.find);
  if (at < 0 || text.indexOf(bug.find, at + 1) >= 0)
    throw new Error(`the text to break stands once in ${bug.file}: ${bug.find}`);
  writeFileSync(
    path,
    text.replace(bug.find, () => bug.replace),
  );
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
