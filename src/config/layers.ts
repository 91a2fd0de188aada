import type { z } from 'zod';
import type { OptionValue } from '../contract/option-value.ts';
import type { OptionName } from '../contract/options.ts';
import type { ValueForm } from '../contract/peer-options.ts';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import type { ConfigOverrides, Origin, Sourced } from './configuration.ts';
import type { Section } from './known-keys.ts';
import type { Problems } from './problems.ts';
import type { SettingOverrides } from './settings.ts';
import { type ConfigMapping, field, locate, plain } from './yaml/tree.ts';

/** The folders that decide some defaults. */
interface Folders {
  /** Absolute path of the `.beads` folder; null outside a beads workspace. */
  readonly workspace: string | null;
  /** Whether the workspace is one of beads, and not just the folder of our own file; absent: yes. */
  readonly isBeads?: boolean;
}

/** Everything that settings are read from, and the collected problems. */
export interface Layers {
  readonly folders: Folders;
  readonly tree: ConfigMapping;
  readonly env: Env;
  readonly overrides: ConfigOverrides;
  readonly problems: Problems;
}

/** The options whose value is a text. */
type TextOption = {
  [N in OptionName]: OptionValue<N> extends string | undefined ? N : never;
}[OptionName];

/** All that is known of one setting. */
export interface Setting<T> {
  readonly key: `${Section}.${string}`;
  readonly schema: z.ZodType<T>;
  /** How `config set` writes the value; absent: as text. */
  readonly form?: ValueForm;
  /** The value if no layer sets one. */
  readonly fallback: (folders: Folders) => T;
  /** Environment variable; an empty one counts as unset. */
  readonly variable?: string;
  /** The flag and input that set it; an empty one counts as unset. */
  readonly option?: TextOption;
  /** Whether the value of a higher layer counts; absent: always. */
  overrides?(higher: T, lower: T): boolean;
  /** The value as `config list` prints it; absent: by its type. */
  shown?(value: T): string;
}

/** The value of the highest layer that sets one: default, file, environment, input. */
export function effectiveValue<T>(layers: Layers, setting: Setting<T>, name: keyof SettingOverrides): Sourced<T> {
  let effective: Sourced<T> = { value: setting.fallback(layers.folders), origin: { layer: 'default' } };
  const { problems, env, overrides } = layers;
  const add = (written: unknown, subject: Subject, origin: Origin) => {
    const value = check(setting.schema, written, { subject, problems });
    if (value === undefined) return;
    if (setting.overrides?.(value, effective.value) ?? true) effective = { value, origin };
  };
  const [section = '', key = ''] = setting.key.split('.');
  const written = field(field(layers.tree, section)?.value, key);
  if (written !== undefined) {
    const place = (path: readonly PropertyKey[]) => locate(written.value, path);
    add(plain(written.value), { name: setting.key, locate: place }, { layer: 'file', location: written.keyAt });
  }
  const { variable, option } = setting;
  if (variable !== undefined && env[variable]) {
    add(env[variable], { name: variable }, { layer: 'environment', variable });
  }
  if (option !== undefined && overrides[name]) {
    const input = `--${option}`;
    add(overrides[name], { name: input }, { layer: 'input', name: input });
  }
  return effective;
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
