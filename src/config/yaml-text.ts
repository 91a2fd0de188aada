import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { Failure, type Location } from '../core/failure.ts';
import { Problems } from './problems.ts';
import { aliasFaults, duplicateKeys } from './yaml-checks.ts';
import { beyondLimits } from './yaml-depth.ts';

/** YAML that was parsed, and how to name a place in it. */
export interface YamlText {
  readonly document: Document;
  /** Null where the text holds nothing. */
  readonly root: YAMLMap | null;
  /** The place of a node; the file alone where it has none. */
  readonly place: (node: unknown) => Location;
}

/**
 * Reads one YAML 1.2 document whose top level is a mapping.
 * @param file how messages name the text
 * @throws Failure `config-syntax`, with every error as `problemsOf` lists them; no message repeats the text itself.
 */
export function parseYaml(text: string, file: string): YamlText {
  const beyond = beyondLimits(text);
  if (beyond !== null)
    throw new Failure('config-syntax', beyond.message, { location: { file, line: beyond.line, column: 1 } });
  const lines = new LineCounter();
  const options = { version: '1.2', strict: true, uniqueKeys: false, prettyErrors: false, lineCounter: lines } as const;
  const document = parseDocument(text, options);
  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const place = (node: unknown): Location => (isNode(node) && node.range ? at(node.range[0]) : { file });
  const problems = new Problems();
  const refuse = (message: string, location: Location) =>
    problems.add(new Failure('config-syntax', message, { location }));
  for (const error of document.errors) {
    // Behind a colon the library quotes the text, which may be a secret that belongs to somebody else.
    const said = error.message.split(': ')[0];
    const message = error.code === 'MULTIPLE_DOCS' ? 'it holds more than one YAML document' : said;
    refuse(`invalid YAML: ${message}`, at(error.pos[0]));
  }
  problems.throwIfAny();
  const { explicit, version } = document.directives?.yaml ?? { explicit: false, version: '1.2' };
  if (explicit && version !== '1.2') refuse(`YAML ${version} is not read, only YAML 1.2`, { file, line: 1, column: 1 });
  const faults = [...duplicateKeys(document, (node) => place(node).line), ...aliasFaults(document)];
  for (const { message, node } of faults) refuse(message, place(node));
  const root = document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    refuse('the top level is not a mapping of keys to values', place(root));
  }
  problems.throwIfAny();
  return { document, root: isMap(root) ? root : null, place };
}
