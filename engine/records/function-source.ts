import { createRequire } from 'node:module';
import type { Function as FunctionNode, Node } from 'acorn';

export type { Node };

/** A parsed function: arrow, function or method. */
export type ParsedFunction = FunctionNode;

let acorn: typeof import('acorn') | null = null;

/**
 * The syntax tree of a function's own source, or null where it cannot be had: native and bound functions,
 * classes, proxies, private methods, and what is not legal in strict code.
 *
 * Cost: loading the parser, once per thread, 10-15 ms; a short function, some tens of microseconds.
 */
export function parseFunction(fn: Function): ParsedFunction | null {
  acorn ??= createRequire(import.meta.url)('acorn') as typeof import('acorn');
  const source = Function.prototype.toString.call(fn); // fn.toString might be anything
  return parseExpression(`(${source})`) ?? parseMethod(source);
}

function parseExpression(text: string): ParsedFunction | null {
  const node = tryParse(text);
  return node?.type === 'FunctionExpression' || node?.type === 'ArrowFunctionExpression'
    ? (node as ParsedFunction)
    : null;
}

/** The source of a method, `name(a) { … }`, is an expression only inside an object literal. */
function parseMethod(source: string): ParsedFunction | null {
  const node: any = tryParse(`({${source}})`);
  if (node?.type !== 'ObjectExpression' || node.properties.length !== 1) return null;
  const [property] = node.properties;
  return property.type === 'Property' && property.kind === 'init' && property.method ? property.value : null;
}

function tryParse(text: string): Node | null {
  try {
    const program: any = acorn!.parse(text, { ecmaVersion: 'latest', sourceType: 'module' });
    const [statement] = program.body;
    return program.body.length === 1 && statement.type === 'ExpressionStatement'
      ? statement.expression
      : null;
  } catch {
    return null;
  }
}

/** The nodes directly below a node, in source order. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

export function isFunctionNode(node: Node): node is ParsedFunction {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}
