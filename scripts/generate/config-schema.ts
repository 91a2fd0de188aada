import { z } from 'zod';
import { AWS_KEYS, PEER_KEYS, SECTIONS, type Section, sectionKeys } from '../../src/config/known-keys.ts';
import type { Setting } from '../../src/config/layers.ts';
import { awsMapping, peerMapping } from '../../src/config/peer-entry.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { AWS_KEY_INFO, ENDPOINT_SCHEMA, type KeyInfo, PEER_KEY_INFO, PEER_NAME, SETTING_KEYS } from './config-keys.ts';
import { described } from './described.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keys that forbid pushing belong to beads, in the forms of a boolean that it reads. */
const GUARD: Schema = {
  description: 'A key of beads. If it is true, dolt-federation never pushes this database.',
  enum: [true, false, 1, 0, '1', '0', 't', 'f', 'T', 'F', 'true', 'false', 'True', 'False', 'TRUE', 'FALSE'],
};

/** docs/config.schema.json: the configuration, for editors. `validate` finds more. */
export function configSchema(): string {
  const settings = Object.fromEntries(SECTIONS.flatMap((section) => settingsOf(section)));
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of dolt-federation',
    description: 'The file .beads/config.yaml. Other top-level keys belong to beads.',
    type: ['object', 'null'],
    properties: {
      ...Object.fromEntries(SECTIONS.map((section) => [section, sectionSchema(section)])),
      ...Object.fromEntries(Object.keys(settings).map((key) => [key, reference(key)])),
      'no-push': GUARD,
      readonly: GUARD,
      'dolt.local-only': GUARD,
      dolt: { properties: { 'local-only': GUARD } },
    },
    patternProperties: flatPatterns(),
    $defs: { ...settings, peer: peerSchema(), endpoint: ENDPOINT_SCHEMA },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function reference(name: string): Schema {
  return { $ref: `#/$defs/${name}` };
}

function sectionSchema(section: Section): Schema {
  const properties = settingsOf(section).map(([key]) => [key.slice(section.length + 1), reference(key)] as const);
  return { type: ['object', 'null'], properties: Object.fromEntries(properties), additionalProperties: false };
}

const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);
const schemas: ReadonlyMap<string, z.ZodType> = new Map(settings.map(({ key, schema }) => [key, schema]));

/** Every key of a section that this version reads or ignores, by its dotted name. */
function settingsOf(section: Section): readonly (readonly [string, Schema])[] {
  return Object.entries(sectionKeys(section)).flatMap(([key, status]): (readonly [string, Schema])[] => {
    const name = `${section}.${key}`;
    if (status === 'later') return [];
    if (status === 'ignored') return [[name, { description: 'A key of beads, without effect on dolt-federation' }]];
    if (name === 'federation.peers') return [[name, peersSchema()]];
    return [[name, withInfo(name, SETTING_KEYS[name], json(schemas.get(name) ?? z.unknown()))]];
  });
}

function peersSchema(): Schema {
  return {
    description: 'The peers, by name: an endpoint, or a mapping',
    examples: [{ south: 'file:///srv/dolt/south' }],
    type: ['object', 'null'],
    propertyNames: { pattern: PEER_NAME },
    additionalProperties: reference('peer'),
  };
}

function peerSchema(): Schema {
  const aws = closed(propertiesOf(awsMapping), AWS_KEYS, { prefix: 'aws.', info: AWS_KEY_INFO });
  const all = { ...propertiesOf(peerMapping), aws: { ...aws, type: ['object', 'null'] } };
  return {
    anyOf: [
      reference('endpoint'),
      { ...closed(all, PEER_KEYS, { prefix: '', info: PEER_KEY_INFO }), required: ['endpoint'] },
    ],
  };
}

function propertiesOf(mapping: z.ZodObject): Readonly<Record<string, Schema>> {
  return z.record(z.string(), z.record(z.string(), z.unknown())).parse(json(mapping)['properties']);
}

interface Described {
  readonly prefix: string;
  readonly info: Readonly<Record<string, KeyInfo>>;
}

/** A mapping with the keys that this version reads, and no others. */
function closed(
  properties: Readonly<Record<string, Schema>>,
  known: Readonly<Record<string, string>>,
  { prefix, info }: Described,
): Schema {
  const keys = Object.keys(known).filter((key) => known[key] === 'read');
  const entries = keys.map((key) => [key, withInfo(`${prefix}${key}`, info[key], properties[key] ?? {})] as const);
  return { type: 'object', properties: Object.fromEntries(entries), additionalProperties: false };
}

/** @throws Error if a key has no description */
function withInfo(name: string, info: KeyInfo | undefined, schema: Schema): Schema {
  const { description = '', examples, schema: refined = schema } = info ?? {};
  return {
    description: described(`the key ${name}`, description),
    ...(examples === undefined ? {} : { examples }),
    ...refined,
  };
}

function json(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** Keys may also be written flat. Their values are checked as nested ones are; unknown ones are refused. */
function flatPatterns(): Schema {
  const name = PEER_NAME.replace(/^\^/, '').replace(/\$$/, '').replace(')$)', String.raw`)(?:$|\.))`);
  const of = (keys: Readonly<Record<string, string>>) =>
    Object.keys(keys)
      .filter((key) => keys[key] !== 'later')
      .join('|');
  const peer = String.raw`peers(?:$|\.${name}(?:$|\.(?:${of(PEER_KEYS)})$|\.aws\.(?:${of(AWS_KEYS)})$))`;
  const server = String.raw`server\.\w+$`;
  return {
    [String.raw`^federation\.peers\.[^.]+$`]: { anyOf: [reference('peer'), { type: 'null' }] },
    [String.raw`^federation\.peers\.[^.]+\.endpoint$`]: reference('endpoint'),
    [String.raw`^sync\.(?!(?:${of(sectionKeys('sync'))})$)`]: false,
    [String.raw`^conflict\.(?!(?:${of(sectionKeys('conflict'))})(?:$|\.))`]: false,
    [String.raw`^federation\.(?!(?:${of(sectionKeys('federation'))})$|${peer}|${server})`]: false,
  };
}
