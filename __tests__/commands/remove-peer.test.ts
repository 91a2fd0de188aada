import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type RemovePeerRequest, removePeer } from '../../src/commands/remove-peer.ts';
import { removePeerResultSchema } from '../../src/contract/result.ts';
import { parseAskedVersion } from '../../src/install/version.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

function request(name: string, overrides = {}): RemovePeerRequest {
  return { name, overrides, dolt: { version: parseAskedVersion('2.3.0'), source: 'auto' } };
}

async function withFile(folder: TempFolder, text: string): Promise<string> {
  await mkdir(folder.file('.beads'));
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

const TEXT =
  '# ours\nfederation:\n  remote: file:///srv/own\n  peers:\n    a: file:///srv/a   # A\n    b: file:///srv/b\n';

describe('remove-peer', () => {
  test('removes the lines of the peer, and the mapping with the last peer', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const { result, file: written } = await removePeer(request('a'), commandContext(folder.path));
    expect(removePeerResultSchema.parse(result)).toEqual({ name: 'a', status: 'removed' });
    expect(written).toBe(file);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(/ {4}a.*\n/, ''));
    await removePeer(request('b'), commandContext(folder.path));
    expect(await readFile(file, 'utf8')).toBe('# ours\nfederation:\n  remote: file:///srv/own\n');
  });

  test.each([
    ['c', {}, 'unknown-peer', 'there is no peer "c"'],
    ['A', {}, 'unknown-peer', 'there is no peer "A"'],
    ['x', { peers: 'x: file:///srv/x' }, 'unknown-peer', 'the input `peers`'],
    ['origin', {}, 'invalid-peer-name', 'primary'],
    ['ORIGIN', {}, 'invalid-peer-name', 'primary'],
  ])('refuses %s and changes nothing', async (name, overrides, code, message) => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const failure = await refusal(() => removePeer(request(name, overrides), commandContext(folder.path)));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
    if (name === 'c') expect(failure.hint).toContain('The peers are ');
    if (name === 'A') expect(failure.hint).toBe('Did you mean `a`?');
    if (code === 'invalid-peer-name') expect(failure.hint).toContain('federation.remote');
    expect(await readFile(file, 'utf8')).toBe(TEXT);
  });
});
