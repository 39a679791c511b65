import {
  childrenOf,
  isFunctionNode,
  type Node,
  type ParsedFunction,
  parseFunction,
} from './function-source.js';
import { proofOf } from './proofs.js';

/**
 * Which fields of its argument a function can observe, proven from its source.
 *
 * Proven means: the parameter occurs only where a member of a plain name is read (`b.x`, `b?.x`, `b['x']`) or
 * in destructuring without a rest (`({ x }) => …`, `const { x } = b`). Then the function cannot tell an
 * object with just these fields from the whole record, it cannot keep the object, and it cannot change it.
 * Closures inside may read members too. Everything else - passing the record on, spreading, computed keys,
 * calling a method of it, assigning to it, `arguments`, `eval`, source that cannot be parsed - is not proven.
 *
 * @param parameterIndex  which argument is the record
 * @returns               names in order of first occurrence, without duplicates; null: not proven
 */
export function observedFields(fn: Function, parameterIndex = 0): readonly string[] | null {
  return proofOf(`observed ${parameterIndex}`, fn, () => prove(fn, parameterIndex));
}

function prove(fn: Function, parameterIndex: number): readonly string[] | null {
  const node = parseFunction(fn);
  if (node === null) return null;
  const fields = new Set<string>();
  try {
    observe(node, parameterIndex, fields);
  } catch (error) {
    if (error === NOT_PROVEN) return null;
    throw error;
  }
  return [...fields];
}

const NOT_PROVEN = new Error('not proven');

function notProven(): never {
  throw NOT_PROVEN;
}

function observe(fn: ParsedFunction, parameterIndex: number, fields: Set<string>): void {
  refuseDynamicNames(fn);
  const rest = fn.params.findIndex((each) => each.type === 'RestElement');
  if (rest >= 0 && rest <= parameterIndex) notProven();
  const parameter = fn.params[parameterIndex];
  if (parameter === undefined) return;
  const pattern = parameter.type === 'AssignmentPattern' ? parameter.left : parameter;
  if (pattern.type === 'ObjectPattern') {
    addPattern(pattern, fields);
    return;
  }
  if (pattern.type !== 'Identifier') notProven();
  // A `var` or function of the parameter's name shares its binding.
  if (hoistedNames(fn.body).has(pattern.name)) notProven();
  const walk = new RecordWalk(pattern.name, fields);
  fn.params.forEach((each, index) => {
    if (index !== parameterIndex) walk.visit(each);
    else if (each.type === 'AssignmentPattern') walk.visit(each.right);
  });
  walk.visit(fn.body);
}

/** `arguments` reaches the record without its name; `eval` can do anything. */
function refuseDynamicNames(node: Node): void {
  if (node.type === 'Identifier') {
    const { name } = node as Node & { name: string };
    if (name === 'arguments' || name === 'eval') notProven();
  }
  for (const child of childrenOf(node)) refuseDynamicNames(child);
}

/** Adds the keys of `{ a, b: c, d = 1, 'e': f }`; refuses a rest and computed keys. */
function addPattern(pattern: any, fields: Set<string>): void {
  for (const property of pattern.properties) {
    if (property.type !== 'Property') notProven();
    fields.add(plainKey(property) ?? notProven());
  }
}

function plainKey(property: any): string | null {
  if (!property.computed && property.key.type === 'Identifier') return property.key.name;
  return property.key.type === 'Literal' && typeof property.key.value === 'string'
    ? property.key.value
    : null;
}

/** Visits what lies in the scope of one name and collects the members read of it. */
class RecordWalk {
  readonly #name: string;
  readonly #fields: Set<string>;

  constructor(name: string, fields: Set<string>) {
    this.#name = name;
    this.#fields = fields;
  }

  visit(node: any): void {
    if (this.#isShadowedIn(node)) return;
    switch (node.type) {
      case 'Identifier':
        if (node.name === this.#name) notProven();
        return;
      case 'MemberExpression':
        this.#member(node);
        return;
      case 'VariableDeclarator':
        this.#declarator(node);
        return;
      case 'CallExpression':
      case 'TaggedTemplateExpression':
        this.#refuseMember(node.callee ?? node.tag); // it would get the record as `this`
        break;
      case 'UpdateExpression':
        this.#refuseMember(node.argument);
        break;
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#refuseMember(node.argument);
        break;
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#refuseTarget(node.left);
        break;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key);
        if (node.value !== null) this.visit(node.value);
        return;
      case 'SwitchStatement': // what is switched on lies outside the scope of the cases
        this.visit(node.discriminant);
        if (!declaresInCases(node, this.#name)) for (const each of node.cases) this.visit(each);
        return;
      case 'LabeledStatement':
        this.visit(node.body);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
    }
    if (isFunctionNode(node)) this.#nestedFunction(node);
    else for (const child of childrenOf(node)) this.visit(child);
  }

  #member(node: any): void {
    if (this.#isRecord(node.object)) {
      const name = node.computed
        ? node.property.type === 'Literal' && typeof node.property.value === 'string'
          ? node.property.value
          : notProven()
        : node.property.type === 'Identifier'
          ? node.property.name
          : notProven();
      this.#fields.add(name);
      return;
    }
    this.visit(node.object);
    if (node.computed) this.visit(node.property);
  }

  #declarator(node: any): void {
    if (node.init !== null && this.#isRecord(node.init) && node.id.type === 'ObjectPattern') {
      addPattern(node.id, this.#fields);
      this.visit(node.id); // defaults in it may read members
      return;
    }
    this.visit(node.id);
    if (node.init !== null) this.visit(node.init);
  }

  #nestedFunction(fn: any): void {
    for (const parameter of fn.params) this.visit(parameter);
    if (!hoistedNames(fn.body).has(this.#name)) this.visit(fn.body);
  }

  /** Refuses `b.x`, `(b.x)` and `b?.x` in a place where the record itself would be reached or changed. */
  #refuseMember(node: any): void {
    if (node.type === 'ChainExpression') this.#refuseMember(node.expression);
    else if (node.type === 'MemberExpression' && this.#isRecord(node.object)) notProven();
  }

  /** The same in every place of a pattern that is assigned to. */
  #refuseTarget(node: Node): void {
    this.#refuseMember(node);
    if (node.type === 'MemberExpression') return;
    for (const child of childrenOf(node)) this.#refuseTarget(child);
  }

  #isRecord(node: any): boolean {
    return node.type === 'Identifier' && node.name === this.#name;
  }

  /** True where the name means something else inside the node. */
  #isShadowedIn(node: any): boolean {
    const declared = new Set<string>();
    if (isFunctionNode(node)) {
      for (const parameter of node.params) addNames(parameter, declared);
      if (node.type === 'FunctionExpression' && node.id) addNames(node.id, declared);
    } else if (node.type === 'ClassExpression' && node.id) addNames(node.id, declared);
    else if (node.type === 'CatchClause' && node.param) addNames(node.param, declared);
    else if (node.type === 'BlockStatement' || node.type === 'StaticBlock')
      addLexicalNames(node.body, declared);
    else if (node.type === 'ForStatement' && node.init) addLexicalNames([node.init], declared);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement')
      addLexicalNames([node.left], declared);
    return declared.has(this.#name);
  }
}

function declaresInCases(node: any, name: string): boolean {
  const declared = new Set<string>();
  for (const each of node.cases) addLexicalNames(each.consequent, declared);
  return declared.has(name);
}

/** Names of `let`, `const`, `class` and functions declared directly among the statements. */
function addLexicalNames(statements: readonly any[], names: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      for (const { id } of statement.declarations) addNames(id, names);
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      addNames(statement.id, names);
    }
  }
}

/**
 * Names that a function's body gives to the scope of the whole function: every `var`, and its own functions.
 */
function hoistedNames(body: any): Set<string> {
  const names = new Set<string>();
  if (body.type === 'BlockStatement') {
    for (const each of body.body) if (each.type === 'FunctionDeclaration') addNames(each.id, names);
  }
  const collect = (node: any): void => {
    if (isFunctionNode(node) || node.type === 'StaticBlock') return;
    if (node.type === 'VariableDeclaration' && node.kind === 'var') {
      for (const { id } of node.declarations) addNames(id, names);
    }
    for (const child of childrenOf(node)) collect(child);
  };
  collect(body);
  return names;
}

/** Names that a pattern binds. */
function addNames(pattern: any, names: Set<string>): void {
  if (pattern?.type === 'Identifier') names.add(pattern.name);
  else if (pattern?.type === 'AssignmentPattern') addNames(pattern.left, names);
  else if (pattern?.type === 'RestElement') addNames(pattern.argument, names);
  else if (pattern?.type === 'ArrayPattern') {
    for (const element of pattern.elements) addNames(element, names);
  } else if (pattern?.type === 'ObjectPattern') {
    for (const property of pattern.properties) addNames(property.value ?? property.argument, names);
  }
}
