import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';

/** A record of a JSONL file: an issue by its id, or a record of another kind, which this version does not write. */
export interface FileRecord {
  readonly kind: 'issue' | 'other';
  readonly id: string;
  readonly line: string;
}

const record = z.looseObject({ _type: z.string().optional(), id: z.string().optional(), key: z.string().optional() });

/** git leaves these lines in a file that it could not merge; they are not records. */
const CONFLICT_MARKS = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
/** A line of this size is not an issue: Dolt has no larger value. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/**
 * The records of a JSONL file, one after the other. Lines that git left in a conflict are skipped.
 * @param name of the file in messages
 * @throws Failure `export-failed` with the line if it is not JSONL
 */
export async function* readRecords(file: string, name = file): AsyncGenerator<FileRecord> {
  let number = 0;
  for await (const line of lines(file, name)) {
    number += 1;
    if (line.trim() === '' || CONFLICT_MARKS.test(line)) continue;
    const found = recordOf(line);
    if (found === null) {
      throw new Failure('export-failed', `line ${number} of ${name} is not a record of a JSONL file`, {
        hint: 'The file is not replaced, because it may be something else. Give another path with `--jsonl-path`, or move the file aside.',
        ...(name === file ? { location: { file, line: number } } : {}),
      });
    }
    yield { ...found, line };
  }
}

function recordOf(line: string): Omit<FileRecord, 'line'> | null {
  try {
    const { _type: type = 'issue', id, key } = record.parse(JSON.parse(line));
    if (type === 'issue') return id === undefined ? null : { kind: 'issue', id };
    return { kind: 'other', id: `${type} ${id ?? key ?? ''}`.trim() };
  } catch {
    return null;
  }
}

/** Lines end with a line feed only: other separators of Unicode are part of a text. */
async function* lines(file: string, name: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(file)) {
    let bytes: Buffer = Buffer.from(chunk);
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
      yield Buffer.concat([...rest, bytes.subarray(0, end)]).toString('utf8');
      rest = [];
      size = 0;
      bytes = bytes.subarray(end + 1);
    }
    rest.push(bytes);
    size += bytes.length;
    if (size > MAX_LINE_BYTES) throw new Failure('export-failed', `${name} has a line that is too long for JSONL`);
  }
  if (size > 0) yield Buffer.concat(rest).toString('utf8');
}
