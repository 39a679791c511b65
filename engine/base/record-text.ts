/** A record for a message: short, whatever is in it. */
export function recordText(row: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(row, shownMember) ?? String(row);
  } catch (error) {
    text = `(cannot be shown: ${String(error)})`; // a getter throws, or it contains itself
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
