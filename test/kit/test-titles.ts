/** Titles of tests, as they stand in the text of a test file. */

/** A quoted text, and several joined by `+`. */
const QUOTED = /(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** First arguments of calls whose second argument is a function. */
const TITLED =
  /\b\w+\(\s*((?:(['"`])(?:\\.|(?!\2)[^\\])*\2(?:\s*\+\s*)?)+),\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)/g;

/** The titles in a test file, without its comments; of a template the text between its backticks. */
export function titlesIn(code: string): string[] {
  return [...code.matchAll(TITLED)].map((call) =>
    [...call[1]!.matchAll(QUOTED)].map((quoted) => quoted[2]!.replace(/\\(.)/g, '$1')).join(''),
  );
}

/** True if a test of the file has the title. What fills the gaps of a template must be quoted in the file too. */
export function hasTitle(code: string, title: string): boolean {
  return titlesIn(code).some((each) => {
    const gaps = each.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const filled = new RegExp(`^${gaps.join('(.+)')}$`).exec(title);
    return filled?.slice(1).every((part) => code.includes(`'${part}'`)) ?? false;
  });
}
