import { join } from 'node:path';
import { isScalar, isSeq, type Node } from 'yaml';
import type { ConfigSource } from '../config/build.ts';
import type { Sourced } from '../config/configuration.ts';
import { guardFilesIn } from '../config/guards.ts';
import { Problems } from '../config/problems.ts';
import { parseYaml } from '../config/yaml/parse.ts';
import { writtenKeys } from '../config/yaml/written-keys.ts';
import { readIfThere } from '../core/files.ts';
import { splitList } from '../core/lists.ts';

/** The settings of the workspace for its JSONL file. */
export interface ExportSettings {
  /** Absolute path of the file. */
  readonly file: string;
  /** Types that bd keeps for itself; empty: not set. */
  readonly infraTypes: readonly string[];
  /** Creators whose issues bd leaves out. */
  readonly excludeOwners: readonly string[];
  /** Statuses of the workspace, each with its category if it has one. */
  readonly customStatuses: readonly string[];
  readonly customTypes: readonly string[];
}

/**
 * Reads bd's own keys about exports, nested or flat, from the workspace's config.yaml and config.local.yaml.
 * @param workspace absolute path of `.beads`
 * @throws Failure `config-syntax`, `config-unreadable`, `config-invalid`
 */
export async function exportSettings(workspace: string): Promise<ExportSettings> {
  const files = [join(workspace, 'config.yaml'), join(workspace, 'config.local.yaml')];
  const layers = await Promise.all(files.map(async (file) => listsOf((await readIfThere(file)) ?? '', file)));
  const settings = new Map(layers.flat());
  const list = (name: string): readonly string[] => settings.get(name) ?? [];
  return {
    file: join(workspace, list('export.path')[0] ?? 'issues.jsonl'),
    infraTypes: list('types.infra'),
    customStatuses: list('status.custom'),
    customTypes: list('types.custom'),
    excludeOwners: [...list('export.exclude_owners'), ...list('export.exclude_owner')],
  };
}

/** Keys that decide where issues are written for readers of the repository, and which are left out. */
export const EXPORT_KEYS = ['export.path', 'export.exclude_owners', 'export.exclude_owner', 'types.infra'] as const;

/** The values of these keys; one that is not written is absent. */
export type WrittenExports = Readonly<Partial<Record<(typeof EXPORT_KEYS)[number], Sourced<readonly string[]>>>>;

/** The same keys in the texts of a configuration that was read. Those of an unreadable file count as absent. */
export function writtenExports({ file, text, workspace, below = [], above = [] }: ConfigSource): WrittenExports {
  const own = guardFilesIn(workspace);
  const files = [...below, ...(file === null || text === null ? [] : [{ file, text }]), ...above];
  const keys = files.flatMap((one) =>
    own.includes(one.file) ? (new Problems().attempt(() => keysOf(one.text, one.file)) ?? []) : [],
  );
  const entries = EXPORT_KEYS.flatMap((name) => {
    const last = keys.findLast((key) => key.name.toLowerCase() === name);
    return last === undefined
      ? []
      : [[name, { value: wordsOf(last.node), origin: { layer: 'file', location: last.keyAt } }] as const];
  });
  return Object.fromEntries(entries);
}

function listsOf(text: string, file: string): (readonly [string, readonly string[]])[] {
  return keysOf(text, file).map(({ name, node }) => [name.toLowerCase(), wordsOf(node)] as const);
}

function keysOf(text: string, file: string): ReturnType<typeof writtenKeys> {
  const problems = new Problems();
  const keys = writtenKeys(parseYaml(text, file), problems);
  problems.throwIfAny();
  return keys;
}

/** The items of a list, or of a text with commas. */
function wordsOf(node: unknown): readonly string[] {
  if (isSeq<Node>(node)) return node.items.flatMap((item) => wordsOf(item));
  return splitList(isScalar(node) ? String(node.value ?? '') : '', ',');
}
