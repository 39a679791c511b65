/** The strings of events. They are the same for every seed; which of them an event has is drawn. */
import { EventRandom } from './event-random.js';

export const FIRST_NAMES = words('Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter');
export const LAST_NAMES = words('Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris');
export const CITIES = words(
  'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne',
);
export const STATES = words('AZ,CA,ID,OR,WA,WY');
export const HOT_CHANNELS = words('Google,Facebook,Baidu,Apple');

/** Channels that are not hot. */
export const CHANNELS = 10_000;

const TEXT_SEED = 0x5eed;
/** Texts begin at any of so many letters. */
const BEGINS = 1 << 16;
const LETTERS_MAX = 512;

const LETTERS = manyLetters(BEGINS + LETTERS_MAX);

/** So many letters, at most `LETTERS_MAX`: a part of one long text, which costs nothing to make. */
export function letters(draws: EventRandom, length: number): string {
  const begin = draws.next() & (BEGINS - 1);
  return LETTERS.slice(begin, begin + length);
}

function manyLetters(length: number): string {
  const draws = new EventRandom(TEXT_SEED);
  draws.begin(0);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = 97 + draws.below(26);
  return Buffer.from(bytes.buffer).toString('latin1');
}

export interface Channel {
  readonly channel: string;
  readonly url: string;
}

/** The hot channels, then the others by number. */
export const CHANNEL_TABLE: readonly Channel[] = [
  ...HOT_CHANNELS.map((channel, i) => ({ channel, url: urlOf(i + 1) })),
  ...Array.from({ length: CHANNELS }, (_, i) => ({ channel: `channel-${i}`, url: channelUrl(i) })),
];

/** Nine in ten name their channel. */
function channelUrl(number: number): string {
  const draws = new EventRandom(TEXT_SEED + 1);
  draws.begin(number);
  const url = urlOf(HOT_CHANNELS.length + 1 + number);
  return draws.below(10) > 0 ? `${url}&channel_id=${Math.abs(reversedBits(number))}` : url;
}

function urlOf(number: number): string {
  const draws = new EventRandom(TEXT_SEED);
  draws.begin(number);
  const folders = Array.from({ length: 3 }, () => letters(draws, 3 + draws.below(2)));
  return `https://www.nexmark.com/${folders.join('/')}/item.htm?query=1`;
}

function reversedBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed | 0;
}

function words(list: string): readonly string[] {
  return list.split(',');
}
