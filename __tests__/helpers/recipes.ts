import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowNeeds } from '../../src/report/commands/workflow.ts';

export const RECIPES = 'docs/recipes';

/** The workflows to copy, by file name. */
export async function recipes(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(RECIPES)).filter((name) => name.endsWith('.yml')).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(RECIPES, name), 'utf8')] as const)),
  );
}

/** The needs of the recipe of the scheduled sync. */
export const SCHEDULED_SYNC: WorkflowNeeds = {
  repository: 'my-org/my-repo',
  minute: 17,
  runner: 'ubuntu-latest',
  contents: 'write',
  bootstrap: 'origin',
  secrets: [{ name: 'VAULT_PASSWORD', value: 'a password' }],
  credentials: ["vault: {url: 'https://dolt.my-org.example', user: sync, password: {env: VAULT_PASSWORD}}"],
};

/** The needs of the workflow in the example of a database with a secret. */
export const SECOND_DATABASE: WorkflowNeeds = {
  repository: 'my-org/my-repo',
  minute: 34,
  runner: 'ubuntu-latest',
  contents: 'read',
  bootstrap: 'origin',
  secrets: [{ name: 'DOLTHUB_KEY', value: 'a key' }],
  credentials: ["origin: {url: 'dolthub://my-org', dolt-jwk: {env: DOLTHUB_KEY}}"],
};
