import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseSync } from '@swc/core';

/** One import of a file, static, dynamic or re-exported. */
interface Import {
  /** The text in the source. */
  readonly from: string;
  /** The file that it names, from the root of the repository; null for packages. */
  readonly file: string | null;
  readonly typeOnly: boolean;
}

/** The facts of the syntax tree of a source file. */
export interface Source {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly readsEnvironment: boolean;
  /** Variables that are spread into an object, and fields of variables as `variable.field`. */
  readonly spreads: readonly string[];
  /** Fields of variables that are assigned to, as `variable.field`. */
  readonly assigned: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;

/** Every TypeScript file below a folder of the repository, parsed. */
export function sources(folder: string): Source[] {
  return sourceFiles(folder).map(sourceAt);
}

/** The number of lines of every TypeScript file below a folder. */
export function lineCounts(folder: string): { readonly path: string; readonly lines: number }[] {
  return sourceFiles(folder).map((path) => ({ path, lines: read(path).split('\n').length - 1 }));
}

function sourceFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => name.endsWith('.ts')).map((name) => posix.join(folder, name));
}

/** The TypeScript files below a folder that are not generated. */
export function writtenFiles(folder: string): string[] {
  return sourceFiles(folder).filter((path) => !path.endsWith('.generated.ts'));
}

/**
 * Every text for people below a folder: string and template literals of several words. Generated texts come from docs.
 * @param word only from files that have this word; to parse all of them takes seconds
 */
export function texts(folder: string, word = ''): { readonly path: string; readonly text: string }[] {
  return writtenFiles(folder).flatMap((path) => {
    const source = read(path);
    return source.includes(word) ? textsOf(source).map((text) => ({ path, text })) : [];
  });
}

/** The texts for people in a source; the values in a template are left out. */
export function textsOf(source: string): string[] {
  const found: string[] = [];
  walk(parseSync(source, { syntax: 'typescript', target: 'es2022' }), (node) => {
    if (node['type'] === 'TemplateLiteral') found.push(list(node['quasis']).map(cookedText).join('…'));
    if (node['type'] === 'StringLiteral') found.push(String(node['value']));
  });
  return found.filter((text) => /\S\s+\S/.test(text));
}

function cookedText(quasi: unknown): string {
  return isNode(quasi) ? String(quasi['cooked']) : '';
}

function read(path: string): string {
  return readFileSync(join(process.cwd(), path), 'utf8');
}

/** A source file, parsed. @param path from the root of the repository */
export function sourceAt(path: string): Source {
  const imports: Import[] = [];
  const spreads: string[] = [];
  const assigned: string[] = [];
  let readsEnvironment = false;
  walk(parseSync(read(path), { syntax: 'typescript', target: 'es2022' }), (node) => {
    const found = importOf(node, path);
    if (found !== null) imports.push(found);
    if (node['type'] === 'AssignmentExpression') assigned.push(...fieldOf(node['left']));
    if (node['type'] === 'ObjectExpression') spreads.push(...spreadInto(node));
    if (node['type'] === 'MemberExpression') readsEnvironment ||= isProcessEnv(node);
  });
  return { path, imports, readsEnvironment, spreads, assigned };
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit);
  if (!isNode(value)) return;
  visit(value);
  // Half of all nodes are positions, and most fields are texts.
  for (const key in value) if (key !== 'span' && typeof value[key] === 'object') walk(value[key], visit);
}

function importOf(node: Node, path: string): Import | null {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return typeof said(node['source']) === 'string'
        ? named(String(said(node['source'])), path, node['typeOnly'] === true)
        : null;
    case 'CallExpression': {
      const [first] = list(node['arguments']);
      if (!isNode(node['callee']) || node['callee']['type'] !== 'Import' || !isNode(first)) return null;
      return named(String(said(first['expression'])), path, false);
    }
    default:
      return null;
  }
}

function named(from: string, path: string, typeOnly: boolean): Import {
  return { from, file: from.startsWith('.') ? posix.join(dirname(path), from) : null, typeOnly };
}

function spreadInto({ properties }: Node): string[] {
  return list(properties).flatMap((property) => {
    if (!isNode(property) || property['type'] !== 'SpreadElement') return [];
    const spread = property['arguments'];
    return isNode(spread) && spread['type'] === 'Identifier' ? [String(spread['value'])] : fieldOf(spread);
  });
}

function fieldOf(target: unknown): string[] {
  if (!isNode(target) || target['type'] !== 'MemberExpression') return [];
  const object =
    isNode(target['object']) && target['object']['type'] === 'ThisExpression' ? 'this' : said(target['object']);
  return [`${String(object)}.${String(said(target['property']))}`];
}

function isProcessEnv({ object, property }: Node): boolean {
  return isNode(object) && said(object) === 'process' && isNode(property) && said(property) === 'env';
}

/** The text of an identifier or a literal. */
function said(node: unknown): unknown {
  if (!isNode(node)) return undefined;
  return node['type'] === 'Computed' ? said(node['expression']) : node['value'];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
