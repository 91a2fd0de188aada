import { z } from 'zod';
import { doctorResultSchema } from '../../src/contract/doctor-result.ts';
import {
  addPeerResultSchema,
  completionResultSchema,
  configEditResultSchema,
  configListResultSchema,
  databasePeersResultSchema,
  demoResultSchema,
  errorResultSchema,
  exportResultSchema,
  initResultSchema,
  installResultSchema,
  listPeersResultSchema,
  proofSchema,
  removePeerResultSchema,
  reportResultSchema,
  resolveResultSchema,
  runResultSchema,
  setPeerResultSchema,
  validateResultSchema,
  versionResultSchema,
} from '../../src/contract/result.ts';

/** The JSON of every command, by the name it has under `$defs`. */
const RESULTS = {
  run: runResultSchema,
  proof: proofSchema,
  error: errorResultSchema,
  init: initResultSchema,
  'add-peer': addPeerResultSchema,
  'set-peer': setPeerResultSchema,
  'remove-peer': removePeerResultSchema,
  report: reportResultSchema,
  'list-peers': listPeersResultSchema,
  'list-peers-unregistered': databasePeersResultSchema,
  config: configListResultSchema,
  'config-edit': configEditResultSchema,
  install: installResultSchema,
  doctor: doctorResultSchema,
  validate: validateResultSchema,
  resolve: resolveResultSchema,
  export: exportResultSchema,
  completion: completionResultSchema,
  version: versionResultSchema,
  demo: demoResultSchema,
} as const;

/** docs/result.schema.json: any JSON that a command prints is one of the results, or the error in its place. */
export function resultSchema(): string {
  const names = Object.keys(RESULTS);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What the commands of dolt-federation print as JSON',
    anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(Object.entries(RESULTS).map(([name, result]) => [name, definition(result)])),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function definition(result: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(result);
  return rest;
}
