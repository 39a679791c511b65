import { SluiceError } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';

/** What SLUICE_LOG can turn on. */
const TOPICS = ['credit'] as const;
export type LogTopic = (typeof TOPICS)[number];

/**
 * @param written  value of SLUICE_LOG: topics with commas between them
 * @throws SluiceError ARGUMENT_INVALID  one of them is none
 */
export function logTopics(written: string | undefined): ReadonlySet<LogTopic> {
  const names = (written ?? '').split(',').map((name) => name.trim());
  return new Set(names.filter((name) => name !== '').map(topic));
}

function topic(name: string): LogTopic {
  const found = TOPICS.find((each) => each === name);
  if (found !== undefined) return found;
  const hint = didYouMean(name, TOPICS);
  throw new SluiceError(
    'ARGUMENT_INVALID',
    `SLUICE_LOG=${name}: there is no such log${hint}; there is ${TOPICS.join(', ')}`,
  );
}
