import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * Checks a JSON text against one result of the published schema, docs/result.schema.json.
 * @returns the parsed JSON
 */
export async function validated(result: string, json: string): Promise<Record<string, unknown>> {
  const schema = JSON.parse(await readFile('docs/result.schema.json', 'utf8'));
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.addSchema(schema, 'results');
  const parsed: Record<string, unknown> = JSON.parse(json);
  const check = ajv.getSchema(`results#/$defs/${result}`);
  if (check === undefined) throw new Error(`the schema has no definition ${result}`);
  if (check(parsed) !== true) throw new Error(ajv.errorsText(check.errors));
  return parsed;
}
