import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { publishing } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner, type StepEnd } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { scenario } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const PEERS = ['ann', 'bob', 'cat', 'dan', 'eve'] as const;

interface Machine extends AsyncDisposable {
  readonly runner: FakeRunner;
  readonly folder: TempFolder;
}

/** A separate runner for a job. */
async function machine(config: string): Promise<Machine> {
  const folder = await tempFolder();
  const runner = await fakeRunner(folder);
  await writeFile(join(runner.workspace, 'federation.yaml'), config);
  return { runner, folder, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** A hub and peers that each have a commit which no other has. */
async function federation(folder: TempFolder) {
  const row = (id: number) => `INSERT INTO items VALUES (${id}, 'new', 'x')`;
  const made = await scenario(folder)
    .mailbox('hub')
    .database('ann-db', row(10))
    .mailbox('ann')
    .database('bob-db', row(11))
    .mailbox('bob')
    .database('cat-db', row(12))
    .mailbox('cat')
    .database('dan-db', row(13))
    .mailbox('dan')
    .database('eve-db', row(14))
    .mailbox('eve')
    .build();
  await Promise.all(PEERS.map((name) => made.database(`${name}-db`).sql(...publishing(made.mailbox(name).url))));
  const lines = PEERS.map((name) => `    ${name}: ${made.mailbox(name).url}\n`).join('');
  return { made, config: `federation:\n  remote: ${made.mailbox('hub').url}\n  peers:\n${lines}` };
}

const inputs = { config: 'federation.yaml' };
const working = { ...inputs, 'dolt-path': testDolt(), retries: '5' };

/** Copies the results of legs to a new runner, as artifacts would, and reports them. */
async function reportOf(legs: readonly StepEnd[], over: Readonly<Record<string, string>> = {}): Promise<StepEnd> {
  await using job = await machine('');
  for (const [index, leg] of legs.entries()) {
    const target = join(job.runner.workspace, 'results', `result-${index}`);
    await mkdir(target, { recursive: true });
    await cp(leg.outputs['result-path'] ?? '', join(target, 'result.json'));
  }
  const step = await job.runner.main({
    inputs: { command: 'report', results: 'results', html: 'results/report.html', ...over },
  });
  const page = await readFile(join(job.runner.workspace, 'results', 'report.html'), 'utf8').catch(() => '');
  return { ...step, outputs: { ...step.outputs, page } };
}

test('three parallel legs, a report and a second pass give every commit to every peer', async () => {
  await using folder = await tempFolder();
  const { made, config } = await federation(folder);
  await using planner = await machine(config);
  const divided = await planner.runner.main({ inputs: { ...inputs, shards: '3' }, action: 'validate/action.yml' });
  expect(divided.exitCode).toBe(0);
  const matrix: { include: { shard: string; peers: string }[] } = JSON.parse(divided.outputs['matrix'] ?? '');
  expect(matrix.include.map(({ shard }) => shard)).toEqual(['1/3', '2/3', '3/3']);
  expect(matrix.include.flatMap(({ peers }) => peers.split(',')).toSorted()).toEqual([...PEERS]);
  expect(divided.summary).toContain('### Legs\n\n| Leg | Peers |\n| --- | --- |\n| 1/3 | ');
  expect(validated('validate', divided.outputs['result'] ?? '')).toMatchObject({ matrix });

  const heads = async () =>
    await Promise.all([...PEERS, 'hub' as const].map(async (name) => await made.mailbox(name).head()));
  const pass = async (): Promise<readonly StepEnd[]> =>
    await Promise.all(
      matrix.include.map(async ({ shard }) => {
        await using job = await machine(config);
        const step = await job.runner.main({ inputs: { ...working, shard } });
        const kept = folder.file(`kept-${shard.replace('/', '-')}.json`);
        await cp(step.outputs['result-path'] ?? '', kept);
        return { ...step, outputs: { ...step.outputs, 'result-path': kept } };
      }),
    );
  const first = await pass();
  expect(first.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  for (const [index, leg] of first.entries()) {
    const result = validated('run', leg.outputs['result'] ?? '');
    expect(result).toMatchObject({ shard: `${index + 1}/3`, cloned: true });
    expect(leg.outputs['synced']).toBe(`origin,${matrix.include[index]?.peers}`);
    expect(leg.stdout).toContain(`leg ${index + 1}/3, `);
  }
  // The hub has every commit now. A peer of the first leg may lack some.
  const [hub] = (await heads()).toReversed();

  const report = await reportOf(first);
  expect(report).toMatchObject({ exitCode: 0, outputs: { status: 'success', synced: 'origin,ann,bob,cat,dan,eve' } });
  const combined = validated('report', report.outputs['result'] ?? '');
  expect(combined).toMatchObject({ status: 'success', runs: [{ missing: [], legs: [{}, {}, {}] }], problems: [] });
  const differing = new Set(first.map(({ outputs }) => outputs['head'])).size > 1;
  expect(report.stdout.includes('(heads-differ)')).toBe(differing);
  expect(report.summary).toContain('## ✅ dolt-federation report: success');
  expect(report.outputs['page']).toContain('<title>dolt-federation report: success</title>');

  const second = await pass();
  expect(second.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(new Set(await heads())).toEqual(new Set([hub]));
  const last = await reportOf(second);
  expect(last).toMatchObject({ exitCode: 0, outputs: { head: hub } });
  expect(last.stdout).not.toContain('(heads-differ)');

  const missing = await reportOf(second.slice(1), { 'fail-on': 'none' });
  expect(missing).toMatchObject({ exitCode: 3, outputs: { status: 'partial' } });
  expect(missing.commands).toContainEqual({
    command: 'error',
    properties: expect.objectContaining({ title: 'leg-missing' }),
    message: expect.stringContaining('there is no result of 1 leg (1/3)'),
  });
}, 120_000);

test('two databases of one repository, an empty leg, and a matrix without peers succeed', async () => {
  await using folder = await tempFolder();
  const { made, config } = await federation(folder);
  await using job = await machine(config);
  const { runner } = job;
  const hub = made.mailbox('hub').url;
  const [ann, bob] = [made.mailbox('ann').url, made.mailbox('bob').url];
  await writeFile(join(runner.workspace, 'other.yaml'), `federation:\n  remote: ${bob}\n`);
  await writeFile(join(runner.workspace, 'small.yaml'), `federation:\n  remote: ${hub}\n  peers: {ann: '${ann}'}\n`);
  await writeFile(join(runner.workspace, 'none.yaml'), 'sync: {mode: dolt-native}\n');

  const one = await runner.main({ inputs: { ...working, command: 'status' } });
  const other = await runner.main({ inputs: { ...working, config: 'other.yaml', command: 'status' } });
  const both = await reportOf([one, other], { expect: '3' });
  expect(both).toMatchObject({ exitCode: 3, outputs: { status: 'partial' } });
  expect(JSON.parse(both.outputs['result'] ?? '')).toMatchObject({ runs: [{ legs: [{}] }, { legs: [{}] }] });
  expect(both.stdout).toContain('3 results must exist, but there are 2');

  const shard = async (leg: string, config: string, only = '') =>
    await runner.main({ inputs: { ...working, config, only, shard: leg, command: 'status' } });
  const empty = await shard('1/2', 'small.yaml');
  expect(empty).toMatchObject({ exitCode: 0, outputs: { synced: 'origin' } });
  expect(empty.stdout).toContain('leg 1/2 has no peer of its own: 1 peer for 2 legs');
  const idle = await shard('1/2', 'small.yaml', 'ann');
  expect(idle).toMatchObject({ exitCode: 0, outputs: { status: 'unchanged' } });
  expect(idle.stdout).toContain('(no-peers-selected)');
  expect(await shard('3/2', 'small.yaml')).toMatchObject({ exitCode: 2 });

  const divide = async (over: Readonly<Record<string, string>>) =>
    await runner.main({ inputs: { ...over, shards: '3' }, action: 'validate/action.yml' });
  expect(await divide({ config: 'none.yaml' })).toMatchObject({ exitCode: 2, outputs: { matrix: '' } });
  const allowed = await divide({ config: 'none.yaml', 'allow-no-peers': 'true' });
  expect(allowed).toMatchObject({ exitCode: 0, outputs: { matrix: '{"include":[]}' } });
  const alone = await divide({ config: 'other.yaml' });
  expect(alone).toMatchObject({ exitCode: 0, outputs: { matrix: '{"include":[{"shard":"1/1","peers":""}]}' } });
}, 120_000);
