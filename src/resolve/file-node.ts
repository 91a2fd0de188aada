import { closest } from 'fastest-levenshtein';
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { Problems } from '../config/problems.ts';
import type { YamlText } from '../config/yaml-text.ts';
import { Failure, type Location } from '../core/failure.ts';

/** A value of a conflicts file, and where it stands. */
export interface FileNode {
  readonly node: unknown;
  readonly at: Location;
}

const KNOWN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null)$/;

/** Takes the YAML of a conflicts file apart; what does not fit becomes a problem with its place. */
export class FileReader {
  readonly #yaml: YamlText;
  readonly #problems: Problems;

  constructor(yaml: YamlText, problems: Problems) {
    this.#yaml = yaml;
    this.#problems = problems;
  }

  /** Notes what is wrong. */
  refuse(message: string, at: Location, hint?: string): undefined {
    this.#problems.add(new Failure('conflicts-file-invalid', message, { location: at, hint }));
    return undefined;
  }

  /**
   * The fields of a mapping by name.
   * @param known all names that there are; absent: any name may stand there
   */
  fields({ node, at }: FileNode, what: string, known?: readonly string[]): Map<string, FileNode> | undefined {
    if (!isMap(node)) return this.refuse(`${what} must be a mapping`, at);
    const fields = new Map<string, FileNode>();
    for (const [name, field] of this.#entries(node, what)) {
      // `1` and `"1"` are two keys of YAML and one name here.
      if (fields.has(name)) this.refuse(`${what} has ${JSON.stringify(name)} twice`, field.at);
      else if (known === undefined || known.includes(name)) fields.set(name, field);
      else this.refuse(`${what} has no ${JSON.stringify(name)}`, field.at, nearest(name, known));
    }
    return fields;
  }

  /** The items of a list; nothing after the key is an empty list. */
  items({ node, at }: FileNode, what: string): FileNode[] {
    if (isSeq(node)) return node.items.map((item) => this.#at(item, at));
    if (node === null || (isScalar(node) && node.value === null)) return [];
    this.refuse(`${what} must be a list`, at);
    return [];
  }

  /** A value as it is written: text, null for `null`, and numbers and the like by their letters. */
  value({ node, at }: FileNode, what: string): string | null | undefined {
    if (isScalar(node) && (node.tag === undefined || KNOWN_TAG.test(node.tag))) {
      if (typeof node.value === 'string') return node.value;
      if (node.value !== null) return node.source ?? String(node.value);
      if (node.source !== '') return null;
    }
    return this.refuse(`${what} must be a text, or null`, at, 'An empty text is "", and null is NULL.');
  }

  /** A value that is not NULL. */
  text(field: FileNode, what: string): string | undefined {
    const text = this.value(field, what);
    return text === null ? this.refuse(`${what} must be a text`, field.at) : text;
  }

  /** Whether nothing stands there. */
  isEmpty({ node }: FileNode): boolean {
    return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
  }

  #entries(map: YAMLMap, what: string): (readonly [string, FileNode])[] {
    return map.items.flatMap(({ key, value }) => {
      const at = this.#yaml.place(key);
      const isText = isScalar(key) && typeof key.value === 'string';
      // A column may be called `1` or `true`; `~` and complex keys name nothing.
      const name = isText ? key.value : isScalar(key) && key.value !== null ? key.source : undefined;
      if (typeof name === 'string') return [[name, this.#at(value, at)] as const];
      this.refuse(`${what} has a key that is not text`, at);
      return [];
    });
  }

  #at(node: unknown, fallback: Location): FileNode {
    const at = this.#yaml.place(node);
    return { node: node ?? null, at: at.line === undefined ? fallback : at };
  }
}

function nearest(name: string, known: readonly string[]): string {
  return `Did you mean \`${closest(name, known)}\`? There are ${known.join(', ')}.`;
}
