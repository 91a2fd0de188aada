import { mkdir } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { COMMANDS } from '../../src/contract/commands.ts';
import { CLI, userEnvironment } from '../helpers/bundled-cli.ts';
import { writeProgram } from '../helpers/child-node.ts';
import { cliInProcess, plainWords } from '../helpers/cli-in-process.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { documentedLines, once, printedLines } from '../helpers/printed-lines.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Pages whose lines the tests of the same names in `docs` run, from top to bottom. */
const TESTED = ['README.md', 'docs/getting-started.md', 'docs/backups.md', 'docs/walkthrough.md'];

/** Texts that begin with our name and are not command lines. */
const PROSE = /^dolt-federation (?:did not add it|does not write|never forces)/;

/** A text that only names a command, without what the command needs. */
const isName = (line: string) =>
  line !== 'dolt-federation init' && Object.hasOwn(COMMANDS, line.split(' ').slice(1).join(' '));

/** Adds a remote to the database without us. */
const FOREIGN = '(cd db && dolt remote add';

/**
 * The input of a user for each printed line, and the exit code, in the order of one story. `SRV` is a folder, and
 * `HEAD` the head of the peer partner.
 */
const STORY: readonly (readonly [line: string, typed?: string | undefined, exitCode?: number])[] = [
  ['dolt-federation --help'],
  ['dolt-federation <command> --help', 'dolt-federation sync --help'],
  ['dolt-federation help <command>', 'dolt-federation help config set'],
  ['dolt-federation help <topic>', 'dolt-federation help credentials'],
  ['dolt-federation help endpoints'],
  ['dolt-federation help beads'],
  ['dolt-federation help configuration'],
  ['dolt-federation help credentials'],
  ['dolt-federation help pull-requests'],
  ['dolt-federation help rewritten-histories'],
  ['dolt-federation add-peer --help'],
  ['dolt-federation completion bash'],
  ['dolt-federation completion fish | source', 'dolt-federation completion fish | cat'],
  ['source <(dolt-federation completion bash)'],
  ['source <(dolt-federation completion zsh)', 'dolt-federation completion zsh'],
  [
    'dolt-federation init dolthub://my-org/my-repo',
    'dolt-federation init dolthub://my-org/my-repo && rm -r .beads && dolt-federation init file://SRV/dolt/north',
  ],
  ['dolt-federation install'],
  ['dolt-federation add-peer <name> <endpoint>', 'dolt-federation add-peer hub file://SRV/hub --branch main'],
  ['dolt-federation set-peer hub --role backup --timeout 90s --unset branch'],
  ['dolt-federation set-peer … --role backup', 'dolt-federation set-peer hub --role backup'],
  ['dolt-federation set-peer <name> --endpoint <endpoint>', 'dolt-federation set-peer hub --endpoint file://SRV/vault'],
  ['dolt-federation remove-peer …', 'dolt-federation remove-peer hub'],
  ['dolt-federation add-peer NAME URL', 'dolt-federation add-peer hub file://SRV/hub'],
  ['dolt-federation remove-peer NAME', 'dolt-federation remove-peer hub'],
  ['dolt-federation federation sync'],
  // The database of this story has no tables of beads.
  ['dolt-federation export --jsonl-path FILE', 'dolt-federation export --jsonl-path out.jsonl', 2],
  ['dolt-federation sync', 'dolt-federation add-peer partner file://SRV/partner && dolt-federation sync'],
  ['dolt-federation sync --bootstrap partner'],
  ['dolt-federation status --json'],
  ['dolt-federation status --stale-after 2d'],
  ['dolt-federation list-peers'],
  ['dolt-federation config list'],
  ['dolt-federation config list --show-origin'],
  [
    'dolt-federation validate --config other.yaml --format sarif > validate.sarif',
    'dolt-federation validate --config .beads/config.yaml --format sarif > validate.sarif',
  ],
  [
    'dolt-federation validate --base ../base --fail-on-change dangerous',
    'mkdir ../base && cp -r .beads ../base && dolt-federation validate --base ../base --fail-on-change dangerous',
  ],
  ['dolt-federation validate --shards 3'],
  ['dolt-federation sync --shard 1/3 --json > leg-1.json'],
  [
    'dolt-federation report leg-1.json leg-2.json leg-3.json',
    'dolt-federation sync --shard 2/3 --json > leg-2.json && dolt-federation sync --shard 3/3 --json > leg-3.json && dolt-federation report leg-1.json leg-2.json leg-3.json',
  ],
  ['dolt-federation config set federation.server.port 3306'],
  ['dolt-federation config unset federation.server'],
  ['dolt-federation config set …', 'dolt-federation config set federation.peers.partner.branch main'],
  ['dolt-federation config set federation.dirty fail'],
  ['dolt-federation config unset …', 'dolt-federation config unset federation.dirty'],
  ['dolt-federation config unset federation.dirty'],
  [
    'dolt-federation push partner --force-with-lease partner=HASH --dry-run',
    'dolt-federation push partner --force-with-lease partner=HEAD --dry-run',
  ],
  [
    'dolt-federation push partner --force-with-lease partner=HASH',
    'dolt-federation push partner --force-with-lease partner=HEAD',
  ],
  ['dolt-federation sync --force-with-lease partner=HASH', 'dolt-federation sync --force-with-lease partner=HEAD'],
  ['dolt-federation sync --adopt partner=HASH', 'dolt-federation sync --adopt partner=HEAD'],
  ['dolt-federation sync --merge-rewritten partner=HASH', 'dolt-federation sync --merge-rewritten partner=HEAD'],
  ['dolt-federation config unset federation.remote'],
  [
    'dolt-federation config set federation.remote <endpoint>',
    'dolt-federation config set federation.remote file://SRV/dolt/north',
  ],
  [
    'dolt-federation config set federation.remote URL',
    'dolt-federation config set federation.remote file://SRV/dolt/north',
  ],
  [
    'dolt-federation list-peers --unregistered',
    `${FOREIGN} extra file://SRV/extra) && dolt-federation list-peers --unregistered`,
  ],
  ['dolt-federation add-peer --from-remote <name>', 'dolt-federation add-peer --from-remote extra'],
  [
    'dolt-federation add-peer --from-remote hub',
    `${FOREIGN} spare file://SRV/spare) && dolt-federation add-peer --from-remote spare`,
  ],
  [
    'dolt-federation add-peer upstream --from-remote origin',
    `${FOREIGN} other file://SRV/other) && dolt-federation add-peer upstream --from-remote other`,
  ],
  [
    'dolt-federation add-peer partner --from-remote origin --role upstream',
    `${FOREIGN} last file://SRV/last) && dolt-federation add-peer last --from-remote last --role upstream`,
  ],
  [
    'dolt-federation init https://github.com/my-org/my-repo.git --name south',
    'cd .. && mkdir south && cp -r north/db south/ && cd south && dolt-federation init file://SRV/dolt/south --name south',
  ],
  // No row is in conflict here; follow-ups.test.ts covers conflicts.
  ['dolt-federation resolve --file', 'dolt-federation resolve --file F', 2],
  ['dolt-federation resolve --file …', 'dolt-federation resolve --file F', 2],
  ['dolt-federation resolve --file F', undefined, 2],
  ['dolt-federation resolve --file conflicts.yaml', undefined, 2],
];

const statusSchema = z.looseObject({
  peers: z.array(z.looseObject({ name: z.string(), remoteHead: z.string().nullable() })),
});

/** A shell. A line for which a user needs none runs in this process. */
async function shellIn(folder: TempFolder) {
  const bin = folder.file('bin');
  for (const each of ['bin', 'home', 'srv', 'srv/dolt', 'north']) await mkdir(folder.file(each));
  await writeProgram(folder.file('bin', 'dolt-federation'), CLI);
  const user = userEnvironment(folder);
  const env = { ...user, PATH: [bin, dirname(testDolt()), user['PATH']].join(delimiter) };
  const options = { cwd: folder.file('north'), env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const part = async (line: string) => {
    const words = plainWords(line);
    if (words === null) return await execa('/bin/bash', ['-c', line], { ...options, all: true });
    const done = await cliInProcess(words, options);
    return { ...done, all: `${done.stdout}${done.stderr}` };
  };
  return async (line: string) => {
    const [first = line, ...others] = /\bcd /.test(line) ? [line] : line.split(' && ');
    let done = await part(first);
    for (const next of others) if (done.exitCode === 0) done = await part(next);
    return done;
  };
}

test('the story contains exactly the command lines that the source or a page prints', () => {
  const pages = documentedLines().filter(({ place }) => !TESTED.includes(place));
  const printed = once([...printedLines(), ...pages]).filter(({ line }) => !PROSE.test(line));
  const listed = STORY.map(([line]) => line);
  expect(printed.filter(({ line }) => !listed.includes(line) && !isName(line))).toEqual([]);
  expect(listed.filter((line) => !printed.some((each) => each.line === line))).toEqual([]);
});

test('every command line of the story runs', async () => {
  await using folder = await tempFolder();
  const shell = await shellIn(folder);
  await makeDatabase(folder.file('north', 'db'));
  const headOf = async (name: string): Promise<string> => {
    const { peers } = statusSchema.parse(JSON.parse((await shell('dolt-federation status --json')).stdout));
    return peers.find((peer) => peer.name === name)?.remoteHead ?? '';
  };
  let head = '';
  for (const [line, typed = line, exitCode = 0] of STORY) {
    if (typed.includes('HEAD') && head === '') head = await headOf('partner');
    const given = typed.replaceAll('SRV', folder.file('srv')).replaceAll('HEAD', head);
    const done = await shell(given);
    expect([given, done.exitCode, done.all]).toEqual([given, exitCode, done.all]);
  }
}, 240_000);
