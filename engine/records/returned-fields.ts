import {
  childrenOf,
  isFunctionNode,
  type Node,
  type ParsedFunction,
  parseFunction,
} from './function-source.js';
import { proofOf } from './proofs.js';

/**
 * The members of every record that a function returns, proven from its source: each `return` gives an object
 * literal of these plain keys, and nothing else is ever returned. Rows of such a function cannot have a
 * member too many.
 *
 * @returns  names in the order of the first literal; null: not proven
 */
export function returnedFields(fn: Function): readonly string[] | null {
  return proofOf('returned', fn, () => prove(fn));
}

function prove(fn: Function): readonly string[] | null {
  const node = parseFunction(fn);
  if (node === null || node.async || node.generator) return null;
  const values = returnedValues(node);
  if (values === null || values.length === 0) return null;
  const sets = values.map(literalKeys);
  const [first] = sets;
  if (first === undefined || first === null) return null;
  const isSame = (keys: readonly string[] | null): boolean =>
    keys !== null && keys.length === first.length && keys.every((key) => first.includes(key));
  return sets.every(isSame) ? first : null;
}

/** The expressions that are returned; null where the end of the body may be reached. */
function returnedValues(fn: ParsedFunction): readonly Node[] | null {
  if (fn.body.type !== 'BlockStatement') return branches(fn.body);
  if (!alwaysLeaves(fn.body)) return null;
  const values: Node[] = [];
  const collect = (node: any): void => {
    if (isFunctionNode(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return;
    if (node.type === 'ReturnStatement')
      values.push(...(node.argument === null ? [node] : branches(node.argument)));
    for (const child of childrenOf(node)) collect(child);
  };
  collect(fn.body);
  return values;
}

/** Both sides of `a ? b : c`. */
function branches(node: any): Node[] {
  return node.type === 'ConditionalExpression'
    ? [...branches(node.consequent), ...branches(node.alternate)]
    : [node];
}

/** True for a statement after which nothing runs. */
function alwaysLeaves(node: any): boolean {
  switch (node?.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
      return true;
    case 'BlockStatement':
      return node.body.some(alwaysLeaves);
    case 'IfStatement':
      return alwaysLeaves(node.consequent) && alwaysLeaves(node.alternate);
    default:
      return false;
  }
}

function literalKeys(node: any): readonly string[] | null {
  if (node.type !== 'ObjectExpression') return null;
  const keys = new Set<string>();
  for (const property of node.properties) {
    if (property.type !== 'Property' || property.kind !== 'init' || property.computed) return null;
    const key = property.key.type === 'Identifier' ? property.key.name : String(property.key.value);
    if (key === '__proto__') return null;
    keys.add(key);
  }
  return [...keys];
}
