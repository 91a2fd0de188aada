import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';

/**
 * Compares a text with the approved one in `__tests__/fixtures`. If that does not exist, it is written, and the test fails:
 * read it, and commit it if it is right. To approve another text, delete the file.
 */
export function expectApproved(name: string, text: string): void {
  const file = join(process.cwd(), '__tests__', 'fixtures', name);
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    throw new Error(`${file} was written; read it and commit it`);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}
