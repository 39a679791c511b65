/**
 * Tells V8 that objects with these members, in this order, also hold numbers.
 *
 * `t.record({ price: t.float64 })` and a row `{ price: 1.5 }` have one hidden class. Where that had held nothing but
 * objects, V8 would make one of every float64 that a function puts into a row, even of a row that it does not make.
 * Decision 020 has the figures.
 */
export function admitNumbers(fields: object): void {
  for (const [name, { value, writable = false }] of Object.entries(
    Object.getOwnPropertyDescriptors(fields),
  )) {
    if (!writable) continue;
    Reflect.set(fields, name, 0);
    Reflect.set(fields, name, value);
  }
}
