import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { prepared } from '../helpers/command-line.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

async function withFile(folder: TempFolder, text: string): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

const run = (folder: TempFolder, ...argv: string[]) => prepared(argv).run(commandContext(folder.path));

describe('an invalid file', () => {
  const box = 'federation:\n  peers:\n    box: {endpoint: "file:///srv/x"}\n';
  const peer = (options: string): string => box.replace('}', `, ${options}}`);
  const limited = `${box}  allowed-remote-patterns: ["s3://b/*"]\n`;
  const tiers = `${peer('tier: T1')}  sovereignty: T2\n`;
  const live = 'federation:\n  peers:\n    box: {endpoint: "https://h.example/x", live: true}\n';

  test.each<readonly [before: string, argv: readonly string[], after: string]>([
    [live, ['config', 'set', 'federation.town', 'north'], `${live}  town: north\n`],
    [live, ['set-peer', 'box', '--live', 'false'], live.replace('true', 'false')],
    [tiers, ['set-peer', 'box', '--lower-tier', 'true'], tiers.replace('T1', 'T1, lower-tier: true')],
    [tiers, ['set-peer', 'box', '--tier', ''], tiers.replace(', tier: T1', '')],
    [limited, ['set-peer', 'box', '--endpoint', 's3://b/x'], limited.replace('file:///srv/x', 's3://b/x')],
    [limited, ['config', 'set', 'federation.peers.box', 's3://b/x'], limited.replace('file:///srv/x', 's3://b/x')],
    [limited, ['config', 'unset', 'federation.allowed-remote-patterns'], box],
    [limited, ['remove-peer', 'box'], 'federation:\n  allowed-remote-patterns: ["s3://b/*"]\n'],
    [`${box}  peer: x\n`, ['config', 'unset', 'federation.peer'], box],
    [`${box}  privacy: x\n`, ['config', 'unset', 'federation.privacy'], box],
    [`${box}federation.server.prot: 1\n`, ['config', 'unset', 'federation.server.prot'], box],
    [peer('rol: peer'), ['config', 'unset', 'federation.peers.box.rol'], box],
    [peer('filter: x'), ['config', 'unset', 'federation.peers.box.filter'], box],
    [peer('aws: {zone: x}'), ['config', 'unset', 'federation.peers.box.aws.zone'], box],
    [peer('live: true'), ['set-peer', 'box', '--unset', 'live'], box],
    [`${box}  dirty: never\n`, ['config', 'set', 'federation.dirty', 'fail'], `${box}  dirty: fail\n`],
    [`${box}  dirty: never\n`, ['config', 'unset', 'federation.dirty'], box],
    [`${box}  attribution: stamp\n`, ['config', 'unset', 'federation.attribution'], box],
    [`${box}  dirty: fail\nfederation.dirty: allow\n`, ['config', 'unset', 'federation.dirty'], box],
  ])('is corrected by the edit whose result is valid: %j, %j', async (before, argv, after) => {
    await using folder = await tempFolder();
    const file = await withFile(folder, before);
    await run(folder, ...argv);
    expect(await readFile(file, 'utf8')).toBe(after);
  });

  test('with several problems is not changed, and the problems of the edit are named first', async () => {
    await using folder = await tempFolder();
    const text = `${tiers}  peer: x\n`;
    const file = await withFile(folder, text);
    const failure = await refusal(() => run(folder, 'config', 'unset', 'federation.peer'));
    expect(failure).toMatchObject({ code: 'tier-lowered', location: { file } });
    expect(failure.hint).toContain('Use an editor to correct several problems.');
    const worse = await refusal(() => run(folder, 'config', 'set', 'federation.push', 'perhaps'));
    expect(worse.problems.map(({ code, location }) => [code, location?.line])).toEqual([
      ['config-invalid', undefined],
      ['tier-lowered', 3],
      ['config-unknown-key', 5],
    ]);
    const absent = await refusal(() => run(folder, 'config', 'unset', 'federation.pear'));
    expect(absent.code).toBe('config-unknown-key');
    const twice = await refusal(() => run(folder, 'add-peer', 'box', 'file:///srv/y'));
    expect(twice.code).toBe('peer-exists');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('that is no YAML is not changed', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, 'federation: {\n');
    const failure = await refusal(() => run(folder, 'config', 'unset', 'federation.dirty'));
    expect(failure).toMatchObject({ code: 'config-syntax', location: { file } });
  });
});
