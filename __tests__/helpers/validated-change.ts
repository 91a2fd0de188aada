import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Validated, type ValidateRequest, validate } from '../../src/commands/validate/index.ts';
import type { Env } from '../../src/core/env.ts';
import type { ProposedChange, Unread } from '../../src/github/base-commit.ts';
import { commandContext } from './configuring.ts';
import { validated } from './json-schema.ts';
import { repositoryAt, startGithubApi } from './servers/github-api.ts';
import { tempFolder } from './temp-folder.ts';

export const [BASE, HEAD] = ['b'.repeat(40), 'c'.repeat(40)] as const;
export const CONFIG = '.beads/config.yaml';
export const config = (peers: string) => `sync: {mode: dolt-native}\nfederation:\n  peers:\n${peers}`;
export const before = config('    a: https://a.example/d\n    b: https://b.example/d\n');
export const after = config('    a: https://a.example/d\n    b: https://evil.example/d\n');

/** A pull request. */
export interface ChangeCase {
  /** null: the file is gone. */
  readonly head?: string | null;
  /** null: no file; undefined: it cannot be read. */
  readonly base?: string | null | undefined;
  readonly behind?: number;
  /** undefined: not a job. */
  readonly proposed?: ProposedChange | Unread | null | undefined;
  readonly token?: false;
  readonly request?: Partial<ValidateRequest>;
  /** Content of `.git/HEAD`. */
  readonly checkedOut?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Env;
  /** The working directory in the checkout. */
  readonly cwd?: string;
  /** More files of the base. */
  readonly baseFiles?: Readonly<Record<string, string>>;
}

/** Validates the checkout of a pull request. */
export async function validateChange({
  head = after,
  behind = 0,
  request = {},
  ...more
}: ChangeCase): Promise<Validated> {
  await using folder = await tempFolder();
  await using api = await startGithubApi(undefined, { behind_by: behind, merge_base_commit: { sha: BASE } });
  const base = 'base' in more ? more.base : before;
  if (base === undefined) api.fail({ method: 'GET', status: 500 });
  else if (base !== null) api.files.set(`${CONFIG}@${BASE}`, base);
  for (const [name, text] of Object.entries(more.baseFiles ?? {})) api.files.set(`${name}@${BASE}`, text);
  const files = { '.git/HEAD': more.checkedOut ?? HEAD, ...(head === null ? {} : { [CONFIG]: head }), ...more.files };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    await writeFile(folder.file(name), text);
  }
  const repository = more.token === false ? null : repositoryAt(api.url);
  const proposed = 'proposed' in more ? more.proposed : { number: 7, base: BASE, baseRef: 'main', head: HEAD };
  const defaults = { format: 'text', untrusted: true, base: undefined, failOnChange: [], overrides: {} } as const;
  const context = { ...commandContext(folder.path, { env: more.env ?? {} }), cwd: folder.file(more.cwd ?? '.') };
  const found = await validate(
    { ...defaults, ...request },
    proposed === undefined ? context : { ...context, proposed, repository },
  );
  validated('validate', JSON.stringify(found.result));
  return found;
}
