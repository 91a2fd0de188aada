import type { z } from 'zod';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import type { ConfigOverrides, Origin, Sourced } from './configuration.ts';
import type { Problems } from './problems.ts';
import { type ConfigMapping, field, locate, plain } from './yaml/tree.ts';

/** Everything that settings are read from, and the collected problems. */
export interface Layers {
  readonly tree: ConfigMapping;
  readonly env: Env;
  readonly overrides: ConfigOverrides;
  readonly problems: Problems;
}

interface Setting<T> {
  readonly key: readonly [section: string, name: string];
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** Environment variable; null if there is none. */
  readonly variable: string | null;
  /** Name and value of the input; null if there is none. An empty one counts as unset. */
  readonly input: readonly [name: string, value: unknown] | null;
}

/** The values of the layers that set one, low to high: default, file, environment, input. */
export function candidates<T>(layers: Layers, setting: Setting<T>): [Sourced<T>, ...Sourced<T>[]] {
  const found: [Sourced<T>, ...Sourced<T>[]] = [{ value: setting.fallback, origin: { layer: 'default' } }];
  const add = (read: T | undefined, origin: Origin) => {
    if (read !== undefined) found.push({ value: read, origin });
  };
  const { problems, env } = layers;
  const [section, name] = setting.key;
  const written = field(field(layers.tree, section)?.value, name);
  if (written !== undefined) {
    const subject = {
      name: `${section}.${name}`,
      locate: (path: readonly PropertyKey[]) => locate(written.value, path),
    };
    add(check(setting.schema, plain(written.value), { subject, problems }), { layer: 'file', location: written.keyAt });
  }
  const fromEnv = setting.variable === null ? undefined : env[setting.variable];
  if (setting.variable !== null && fromEnv !== undefined && fromEnv !== '') {
    const origin: Origin = { layer: 'environment', variable: setting.variable };
    add(check(setting.schema, fromEnv, { subject: { name: setting.variable }, problems }), origin);
  }
  const [input, value] = setting.input ?? ['', undefined];
  if (value !== undefined && value !== '') {
    add(check(setting.schema, value, { subject: { name: input }, problems }), { layer: 'input', name: input });
  }
  return found;
}

interface Subject {
  /** The name of the value in messages. */
  readonly name: string;
  /** The position of a part of it; absent if it is not in a file. */
  readonly locate?: (path: readonly PropertyKey[]) => Location;
}

/** Parses a value with the schema; undefined after a mismatch was reported as `config-invalid`. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { subject, problems }: { readonly subject: Subject; readonly problems: Problems },
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
    problems.add(
      new Failure('config-invalid', `${subject.name}${path}: ${issue.message}`, {
        location: subject.locate?.(issue.path),
      }),
    );
  }
  return undefined;
}
