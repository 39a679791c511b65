/** A record for a message: short, whatever is in it. */
export function recordText(row: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(row, shownMember) ?? String(row);
  } catch (error) {
    text = `(cannot be shown: ${valueText(error, 100)})`; // a getter throws, or it contains itself
  }
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** More items of a list are never seen in 200 characters. */
const ITEMS_SHOWN = 100;

function shownMember(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return Object.fromEntries([...value].slice(0, ITEMS_SHOWN));
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, ITEMS_SHOWN)).toString('hex');
  return Array.isArray(value) ? value.slice(0, ITEMS_SHOWN) : value;
}

/** Nothing of its own says how it is to be shown. */
function isPlain(value: unknown): boolean {
  return String(value) === '[object Object]';
}

/** A value for a message, whatever it is: of some objects `String` throws. */
export function valueText(value: unknown, charsMax: number): string {
  let text: string;
  try {
    // No more of what is long: all items of a list would take seconds, and then be cut off.
    const isLong = Array.isArray(value) || value instanceof Uint8Array || typeof value === 'string';
    const shown = isLong ? value.slice(0, charsMax) : value;
    if (typeof shown === 'string') text = JSON.stringify(shown);
    else if (Array.isArray(shown))
      text = `[${String(shown)}${shown.length < (value as []).length ? '…' : ''}]`;
    else text = isPlain(shown) ? recordText(shown) : String(shown);
  } catch {
    text = '(an object without text)';
  }
  if (typeof value === 'bigint') text += 'n';
  return text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
}
