import { resolve } from 'node:path';
import { type Validated, type ValidateRequest, validate } from '../../src/commands/validate/index.ts';
import type { Env } from '../../src/core/env.ts';
import { commandContext } from './configuring.ts';

interface Asked extends Partial<Omit<ValidateRequest, 'overrides'>> {
  readonly env?: Env;
  readonly overrides?: ValidateRequest['overrides'];
}

/** Validates the configuration of a folder. */
export async function validateIn(folder: string, asked: Asked = {}): Promise<Validated> {
  const { env, overrides = {}, ...more } = asked;
  const defaults = { format: 'text', untrusted: false, base: undefined, failOnChange: [] } as const;
  const request = { ...defaults, overrides, ...more };
  return await validate(request, commandContext(resolve(folder), env === undefined ? {} : { env }));
}

/** Each problem in short: `line:column severity code`. */
export function places({ result }: Validated): readonly string[] {
  return result.problems.map(
    ({ line, column, severity, code }) => `${line === null ? '-' : `${line}:${column ?? ''}`} ${severity} ${code}`,
  );
}
