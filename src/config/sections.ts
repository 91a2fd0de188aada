import { isScalar } from 'yaml';
import { Failure } from '../core/failure.ts';
import { toConfigValue } from './config-node.ts';
import { asMapping, type ConfigField, type ConfigMapping, plain } from './config-tree.ts';
import type { Problems } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

/** The top-level keys that are ours; all others belong to beads. */
export const SECTIONS = ['sync', 'federation', 'conflict'] as const;
export type Section = (typeof SECTIONS)[number];

/**
 * Our sections of a file as one tree. Flat dotted keys at the top level, as `bd config set` writes them, are read as
 * the nested key; a key in both spellings must have one value.
 * @param problems receives `config-ambiguous` and values of unknown kinds
 */
export function readSections(yaml: YamlText, problems: Problems): ConfigMapping {
  let tree: ConfigMapping = { kind: 'mapping', fields: new Map(), at: yaml.place(yaml.root) };
  for (const { key, value } of yaml.root?.items ?? []) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    const path = key.value.split('.');
    if (!SECTIONS.some((section) => section === path[0])) continue;
    const keyAt = yaml.place(key);
    problems.attempt(() => {
      tree = merge(tree, nest(path, { keyAt, value: toConfigValue(yaml, value, keyAt) }), '');
    });
  }
  return tree;
}

function nest(path: readonly string[], field: ConfigField): ConfigMapping {
  const [key = '', ...rest] = path;
  const inner = rest.length === 0 ? field : { keyAt: field.keyAt, value: nest(rest, field) };
  return { kind: 'mapping', fields: new Map([[key, inner]]), at: field.keyAt };
}

function merge(first: ConfigMapping, second: ConfigMapping, prefix: string): ConfigMapping {
  const fields = new Map(first.fields);
  for (const [key, added] of second.fields) {
    const present = fields.get(key);
    fields.set(key, present === undefined ? added : mergeField(present, added, `${prefix}${key}`));
  }
  return { ...first, fields };
}

function mergeField(present: ConfigField, added: ConfigField, key: string): ConfigField {
  const [one, other] = [asMapping(present.value), asMapping(added.value)];
  if (one !== null && other !== null) return { ...present, value: merge(one, other, `${key}.`) };
  if (JSON.stringify(plain(present.value)) === JSON.stringify(plain(added.value))) return present;
  throw new Failure(
    'config-ambiguous',
    `${key} stands twice with different values, here and at line ${present.keyAt.line}`,
    { location: added.keyAt },
  );
}
