import { HASH } from '../contract/hash.ts';

/** Fields before the table files, by the version of the manifest (Dolt 2.3.0, store/nbs/file_manifest.go). */
const FIELDS_BEFORE: Readonly<Record<string, number>> = { '4': 4, '5': 5 };

/**
 * The names of the table files that a manifest lists, in its order.
 * @returns null if it is not a manifest that Dolt 2.3.0 reads
 */
export function manifestTables(text: string): readonly string[] | null {
  const fields = text.trimEnd().split(':');
  const before = FIELDS_BEFORE[fields[0] ?? ''];
  if (before === undefined || fields.length < before || (fields.length - before) % 2 !== 0) return null;
  const names: string[] = [];
  for (let at = before; at < fields.length; at += 2) {
    const [name = '', chunks = ''] = fields.slice(at, at + 2);
    if (!HASH.test(name) || !/^\d{1,10}$/.test(chunks)) return null;
    names.push(name);
  }
  return names;
}

/** A table file is stored under its hash, as an archive with this ending. */
const FORMS = ['', '.darc'] as const;
/** A file above 50 MiB is stored in parts: a folder of its name with 0001, 0002, … (Dolt 2.3.0, measured). */
const PART = /^(.+)\/(\d{4})$/;

/**
 * The table files that a git tree lacks. Missing last parts of a file are not found: nothing gives their number.
 * @param tables names from the manifest
 * @param blobs paths of all blobs of the tree
 * @returns names of files, or of their missing parts
 */
export function missingTables(tables: readonly string[], blobs: readonly string[]): readonly string[] {
  const whole = new Set(blobs);
  const parts = new Map<string, Set<number>>();
  for (const path of blobs) {
    const [, file, part] = PART.exec(path) ?? [];
    if (file === undefined) continue;
    const known = parts.get(file) ?? new Set();
    parts.set(file, known.add(Number(part)));
  }
  return [...new Set(tables)].flatMap((table) => {
    const files = FORMS.map((ending) => `${table}${ending}`);
    if (files.some((file) => whole.has(file))) return [];
    const split = files.find((file) => parts.has(file));
    if (split === undefined) return [table];
    const there = parts.get(split) ?? new Set();
    const last = Math.max(...there);
    return Array.from({ length: last }, (_, index) => index + 1)
      .filter((part) => !there.has(part))
      .map((part) => `${split}/${String(part).padStart(4, '0')}`);
  });
}
