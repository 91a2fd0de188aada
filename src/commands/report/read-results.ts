import { readdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { decodeText } from '../../config/decode-text.ts';
import { parseYaml } from '../../config/yaml/parse.ts';
import { locate, toConfigMapping } from '../../config/yaml/tree.ts';
import { type ErrorResult, errorResultSchema, type RunResult, runResultSchema } from '../../contract/result.ts';
import { boundaryOf, requireWithin } from '../../core/boundary.ts';
import { Failure, type Location, toFailure } from '../../core/failure.ts';
import { readSmall, realPath, SMALL_BYTES, statOf } from '../../core/files.ts';
import { parsedJson } from '../../core/json.ts';
import { shorten } from '../../core/text.ts';
import type { Context } from '../context.ts';
import { firstIssue } from './first-issue.ts';

/** A file, relative to the working directory, and its content. */
export type ReadFile = { readonly file: string } & (
  | { readonly kind: 'run'; readonly result: RunResult }
  /** The command could not start. */
  | { readonly kind: 'error'; readonly error: ErrorResult['error'] }
  | { readonly kind: 'refused'; readonly failure: Failure }
);

/** A run with 10,000 rows in conflict and their values has about 10 MiB. */
const MAX_BYTES = 64 * SMALL_BYTES;
/** All files together: in memory they take up to ten times as much, and their report must fit into one text. */
const MAX_ALL_BYTES = 128 * SMALL_BYTES;
/** GitHub keeps 500 artifacts of a run. */
const MAX_FILES = 2_000;
/** Peers, or rows in conflict of one peer: more would not fit into a file. */
const MAX_ENTRIES = 100_000;

/**
 * Reads the results in files and, below folders, in all files that end with `.json`; each file once. A file that is no
 * result does not hide the others.
 * @throws Failure `no-results`, `outside-workspace`
 */
export async function readResults(named: readonly string[], context: Context): Promise<readonly ReadFile[]> {
  const boundary = await boundaryOf(context, named);
  const files = new Map<string, string>();
  for (const name of named) {
    const path = resolve(context.cwd, name);
    await requireWithin(boundary, path, { by: 'the path of a result' });
    for (const file of await filesIn(path)) files.set(await realPath(file), file);
  }
  if (files.size === 0) throw new Failure('no-results', `no file that ends with .json is in ${named.join(', ')}`);
  if (files.size > MAX_FILES)
    throw new Failure('no-results', `there are ${files.size} files, but a report combines at most ${MAX_FILES}`, {
      hint: 'Name a folder that has only results.',
    });
  const read: ReadFile[] = [];
  const room = { bytes: MAX_ALL_BYTES };
  for (const path of [...files.values()].sort()) {
    const file = relative(context.cwd, path) || basename(path);
    const reading = readResult(path, file, room);
    read.push(await reading.catch((thrown) => ({ file, kind: 'refused', failure: toFailure(thrown) })));
  }
  return read;
}

/** The files of a folder, without hidden ones and without following links; of any other path, the path. */
async function filesIn(path: string): Promise<readonly string[]> {
  if ((await statOf(path))?.isDirectory() !== true) return [path];
  const found: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) found.push(...(await filesIn(inner)));
    else if (entry.isFile() && entry.name.endsWith('.json')) found.push(inner);
  }
  return found;
}

/**
 * @param room bytes that this file and later ones may have; a file that does not fit takes none of them
 * @throws Failure `result-invalid` with the position of the fault
 */
async function readResult(path: string, file: string, room: { bytes: number }): Promise<ReadFile> {
  const content = await readSmall(path, MAX_BYTES);
  if (content.kind === 'absent') throw new Failure('result-invalid', `${file} does not exist`);
  if (content.kind === 'refused') throw refusal(path, `${file} cannot be read: ${content.why}`);
  if (content.bytes.length > room.bytes)
    throw new Failure(
      'result-invalid',
      `${file} is not read: all results together are larger than ${MAX_ALL_BYTES / SMALL_BYTES} MiB`,
      {
        location: { file: path },
        hint: 'Report fewer results at once, or let the runs show less with `--report-values keys` or `none`.',
      },
    );
  room.bytes -= content.bytes.length;
  const text = textOf(content.bytes, path, file);
  const json = parsedJson(text);
  if (json === undefined) throw refusal(path, `${file} is not valid JSON`, placeIn(text, path, []));
  const head = headSchema.safeParse(json).data;
  if (head === undefined) throw refusal(path, `${file} is JSON, but no result of dolt-federation`);
  if (head.error !== undefined) {
    return { file, kind: 'error', error: checked(errorResultSchema, json, { path, file, text }).error };
  }
  if (head.version !== VERSION) {
    const found = head.version === undefined ? 'no version' : `version ${JSON.stringify(head.version)}`;
    const why = `${file} has ${found} of results, and this version of dolt-federation reads version ${VERSION}`;
    throw refusal(path, why, placeIn(text, path, ['version']));
  }
  if (!COMBINED.some((command) => command === head.command)) {
    const kind =
      head.command === undefined
        ? 'is JSON, but no result of a run'
        : `is the result of ${JSON.stringify(head.command)}`;
    const why = `${file} ${kind}; only those of ${COMBINED.join(', ')} can be combined`;
    throw refusal(path, why, placeIn(text, path, ['command']));
  }
  if (head.truncated === true)
    throw new Failure('result-invalid', `${file} was cut, so peers and rows may be missing`, {
      location: { file: path },
      hint: 'Use the file that `result-path` names. Only the output `result` is cut.',
    });
  return { file, kind: 'run', result: checked(runResultSchema, json, { path, file, text }) };
}

const VERSION = runResultSchema.shape.version.value;
const COMBINED = runResultSchema.shape.command.options;

const headSchema = z.looseObject({
  version: z.union([z.number(), z.string()]).optional(),
  command: z.string().optional(),
  error: z.unknown().optional(),
  truncated: z.unknown().optional(),
});

function textOf(bytes: Buffer, path: string, file: string): string {
  try {
    return decodeText(bytes, file).replace(/^\uFEFF/, '');
  } catch (thrown) {
    const { message, hint, location } = toFailure(thrown);
    throw new Failure('result-invalid', message, { hint, location: { ...location, file: path } });
  }
}

interface Source {
  readonly path: string;
  readonly file: string;
  readonly text: string;
}

/** An unknown word lists all known ones. */
const MAX_WHY = 200;

/** @throws Failure `result-invalid` */
function checked<T>(schema: z.ZodType<T>, json: unknown, { path, file, text }: Source): T {
  const issue = firstIssue(schema, json, MAX_ENTRIES);
  if (issue === null) return schema.parse(json);
  const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  const why = `${file} is not a result that this version can read: ${where}${shorten(issue.message, MAX_WHY)}`;
  throw refusal(path, why, placeIn(text, path, issue.path));
}

function refusal(path: string, message: string, location: Location = { file: path }): Failure {
  return new Failure('result-invalid', message, { location });
}

/** JSON is YAML, so the parser with positions says where a value is; of a large text only the file is named. */
function placeIn(text: string, file: string, path: readonly PropertyKey[]): Location {
  if (text.length > SMALL_BYTES) return { file };
  try {
    const yaml = parseYaml(text, file);
    return yaml.root === null ? { file } : locate(toConfigMapping(yaml, yaml.root), path);
  } catch (thrown) {
    return toFailure(thrown).location ?? { file };
  }
}
