import { stringify } from 'yaml';
import { readSections } from '../known-keys.ts';
import { Problems } from '../problems.ts';
import { parseYaml } from './parse.ts';
import { field } from './tree.ts';

/** What a configuration needs for its first peer, the primary. */
export interface FirstPeer {
  /** Added as `federation.remote` if it is a text, else as a peer of this name with the role `primary`. */
  readonly primary: string | { readonly name: string; readonly value: Readonly<Record<string, unknown>> };
  /** `federation.database`; null: the database is found without it. */
  readonly database: string | null;
  /** `federation.town`; null: not set. */
  readonly town: string | null;
}

/**
 * Adds what the first peer needs at the end of a configuration, and changes no other byte. Sections that the text
 * already has are continued with dotted keys, which are read as the nested ones.
 * @param text a configuration without peers; empty for a new file
 * @throws Failure `config-syntax` if the text is not YAML
 */
export function withFirstPeer(text: string, { primary, database, town }: FirstPeer): string {
  const tree = readSections(parseYaml(text, 'the configuration'), new Problems());
  const has = (section: string, key?: string) => {
    const written = field(tree, section);
    return key === undefined ? written !== undefined : field(written?.value, key) !== undefined;
  };
  const federation = {
    ...(typeof primary === 'string' ? { remote: primary } : {}),
    ...(database === null || has('federation', 'database') ? {} : { database }),
    ...(town === null || has('federation', 'town') ? {} : { town }),
    ...(typeof primary === 'string' ? {} : { peers: { [primary.name]: primary.value } }),
  };
  const blocks = [
    ...(has('sync', 'mode') ? [] : [section('sync', { mode: 'dolt-native' }, has('sync'))]),
    section('federation', federation, has('federation')),
  ];
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}${blocks.join('\n')}`;
}

function section(name: string, values: Readonly<Record<string, unknown>>, isContinued: boolean): string {
  const entries = Object.entries(values).map(([key, value]) => [`${name}.${key}`, value] as const);
  return stringify(isContinued ? Object.fromEntries(entries) : { [name]: values }, { lineWidth: 0 });
}
