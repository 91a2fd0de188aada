import { isUtf8 } from 'node:buffer';
import { Failure } from '../core/failure.ts';

/**
 * The text of a configuration file, including a byte order mark.
 * @throws Failure `config-unreadable` for every encoding but UTF-8, at the first byte that is wrong
 */
export function decodeText(bytes: Buffer, file: string): string {
  const other = otherEncoding(bytes);
  if (other !== null) {
    throw new Failure('config-unreadable', `cannot read ${file}: it is ${other}, not UTF-8`, {
      location: { file, line: 1, column: 1 },
      hint: 'Save the file as UTF-8, in PowerShell with `Set-Content -Encoding utf8`.',
    });
  }
  if (isUtf8(bytes)) return decoder().decode(bytes);
  throw new Failure('config-unreadable', `cannot read ${file}: it is not UTF-8`, {
    location: { file, ...firstMalformed(bytes) },
    hint: 'Save the file as UTF-8. Perhaps an editor wrote the letter at this position in another encoding.',
  });
}

/** A decoder for each text: one that reads a stream remembers where it was. */
const decoder = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An encoding of which each letter has two or four bytes, as some programs of Windows write it; null if it is none. */
function otherEncoding(bytes: Buffer): string | null {
  const start = bytes.subarray(0, 4).toString('hex');
  if (start === 'fffe0000' || start === '0000feff') return 'UTF-32';
  if (start.startsWith('fffe') || start.startsWith('feff')) return 'UTF-16';
  // Without a mark, every letter of these encodings has a zero byte, and no file in UTF-8 needs one.
  return bytes.includes(0) ? 'UTF-16, or no text' : null;
}

/** Whether bytes are UTF-8, or would be with some more at the end. */
function isPrefixOfUtf8(bytes: Buffer): boolean {
  try {
    decoder().decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The position of the first byte that is not UTF-8; columns count as those of YAML positions do. */
function firstMalformed(bytes: Buffer): { readonly line: number; readonly column: number } {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isPrefixOfUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  const before = decoder().decode(bytes.subarray(0, good), { stream: true });
  const mark = before.startsWith('\uFEFF') ? 1 : 0;
  const lines = before.slice(mark).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
