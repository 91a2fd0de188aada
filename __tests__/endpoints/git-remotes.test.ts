import { mkdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test("two peers have their own refs of one repository, and the user's hooks and templates take no part", async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
  for (const hooks of [folder.file('home', 'hooks'), folder.file('home', 'template', 'hooks')]) {
    await mkdir(hooks, { recursive: true });
    const script = `#!/bin/sh\necho "$0" >> '${folder.file('hooked')}'\nexit 1\n`;
    await writeFile(`${hooks}/pre-push`, script, { mode: 0o755 });
  }
  const settings = `[core]\n\thooksPath = ${folder.file('home', 'hooks')}\n[init]\n\ttemplateDir = ${folder.file('home', 'template')}\n`;
  await writeFile(folder.file('home', '.gitconfig'), settings);

  const endpoint = `git+file://${repository.path}`;
  const peers = { a: { endpoint, ref: 'refs/dolt/a' }, b: { endpoint, ref: 'refs/dolt/b' } };
  const { result } = await command(folder, stringify(peers), { userHome: true, env: { HOME: folder.file('home') } });
  expect(result.peers).toMatchObject([
    { name: 'a', status: 'pushed', verified: true, remoteHead: head },
    { name: 'b', status: 'pushed', verified: true, remoteHead: head },
  ]);
  // No __dolt_remote_info__ among them.
  expect(await repository.refs()).toEqual(['refs/dolt/a', 'refs/dolt/b', 'refs/heads/main']);
  await expect(stat(folder.file('hooked'))).rejects.toThrow('ENOENT');
});
