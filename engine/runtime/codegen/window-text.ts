/**
 * Statements that declare the start of the interval that a time falls into, of all intervals of a size. Exact for every
 * safe integer: of a quotient just below a whole number the division may give that number.
 */
export function openText(local: string, ts: string, sizeMs: number, offsetMs: number): string {
  const down = `let ${local} = Math.floor((${ts} - ${offsetMs}) / ${sizeMs}) * ${sizeMs} + ${offsetMs};`;
  return `${down}\n  if (${local} > ${ts}) ${local} -= ${sizeMs};`;
}
