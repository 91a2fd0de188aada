import { basename, relative } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { endpointOptions } from '../../config/endpoint/options.ts';
import { parseEndpoint } from '../../config/endpoint/parse.ts';
import { parseOrSuggest } from '../../config/endpoint/suggest.ts';
import { databaseName, isDatabaseName } from '../../config/value-schemas.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import type { Prompt } from '../../core/prompt.ts';
import { refuseUnfitFolder } from '../../sync/remotes/file-remote.ts';
import type { Context } from '../context.ts';
import type { InitRequest } from '../init.ts';
import { databasesBelow, locateDatabase } from './locate-database.ts';
import { endpointIn, type Repository } from './own-repository.ts';

/** The answers for `init`, from flags, defaults, and a terminal. */
export interface InitAnswers {
  /** Absolute path of the database. */
  readonly database: string;
  /** Whether there is none yet, and a run clones it to where the beads workspace says. */
  readonly toClone: boolean;
  readonly endpoint: string;
  /** null: the folder has a name that cannot be one, and none was given. */
  readonly town: string | null;
  readonly live: boolean | undefined;
  readonly aws: { readonly region: string | undefined; readonly table: string | undefined };
}

interface Asking {
  readonly request: InitRequest;
  readonly context: Context;
  readonly configuration: Configuration;
  readonly repository: Repository | null;
  /** The folder that the configuration is for. */
  readonly root: string;
  /** null: nothing is asked. */
  readonly prompt: Prompt | null;
}

/**
 * The answers of a user. On a terminal, the user is asked for missing answers.
 * @throws Failure `bad-usage` if an answer without a default is missing, `no-database`, or an error of the endpoint
 */
export async function initAnswers(asking: Asking): Promise<InitAnswers> {
  const { database, toClone } = await askDatabase(asking);
  const endpoint = await askEndpoint(asking);
  const more = await askMore(asking, endpoint);
  return { database, toClone, endpoint, town: await askName(asking), ...more };
}

async function askDatabase({
  request,
  context,
  configuration,
  prompt,
}: Asking): Promise<Pick<InitAnswers, 'database' | 'toClone'>> {
  const locate = (database: string | undefined) =>
    locateDatabase({ database, configuration, ifAbsent: MAKE_ONE }, context);
  const found = await locate(request.database);
  if (found.kind === 'database') return { database: found.path, toClone: false };
  const below = await databasesBelow(context.cwd, 1);
  const [first, ...others] = below;
  if (found.kind === 'to-clone' && first === undefined) return { database: found.path, toClone: true };
  if (prompt === null) {
    if (first !== undefined && others.length === 0) return { database: first, toClone: false };
    throw noDatabase(below, context.cwd);
  }
  const fallback = first === undefined ? undefined : relative(context.cwd, first);
  const database = await askUntil(
    prompt,
    { question: 'Folder of the database, the one that contains `.dolt`', fallback },
    async (text) => {
      if (text === '') throw noDatabase(below, context.cwd);
      const named = await locate(text);
      return named.kind === 'database' ? named.path : text;
    },
  );
  return { database, toClone: false };
}

function noDatabase(below: readonly string[], cwd: string): Failure {
  if (below.length === 0)
    return new Failure('no-database', `no Dolt database was found in ${cwd}, above, or below`, { hint: MAKE_ONE });
  const names = below.map((path) => relative(cwd, path)).join(', ');
  return new Failure('no-database', `${cwd} contains more than one Dolt database: ${names}`, {
    hint: 'Choose one with `--database`.',
  });
}

const MAKE_ONE =
  'Give its folder with `--database`. To make one, run `dolt init` in a new folder, `bd init` for beads, or `dolt clone` to begin with the data of another database.';

/** An example of each kind of endpoint. */
const KINDS = [
  ['a git repository', 'https://github.com/ORG/REPO.git'],
  ['DoltHub', 'dolthub://ORG/REPO'],
  ['S3', 's3://BUCKET/PATH'],
  ['a folder', 'file:///FOLDER'],
  ['another address', 'gs://BUCKET/PATH, https://HOST/DATABASE, ssh://HOST/PATH, git@HOST:PATH'],
] as const;

async function askEndpoint(asking: Asking): Promise<string> {
  const { request, repository, prompt } = asking;
  if (request.endpoint !== undefined) {
    await checkEndpoint(request.endpoint, asking);
    return request.endpoint;
  }
  if (prompt === null) {
    throw new Failure('bad-usage', 'the endpoint is missing: the address to which this database publishes', {
      hint: 'Give it after `init`, for example `dolt-federation init dolthub://my-org/my-repo`.',
    });
  }
  prompt.say('This database publishes its commits to an address, and its peers read them there.');
  prompt.say(KINDS.map(([kind, form], index) => `  ${index + 1}  ${kind.padEnd(17)} ${form}`).join('\n'));
  const kind = await askUntil(prompt, { question: 'Kind of address', fallback: '1' }, async (text) => {
    const index = KINDS.findIndex((_, at) => String(at + 1) === text);
    if (index === -1)
      throw new Failure('bad-usage', `${JSON.stringify(text)} is not one of 1 to ${KINDS.length}`, {
        hint: 'Type the number of a kind.',
      });
    return index;
  });
  const fallback = kind === 0 && repository !== null ? endpointIn(repository) : undefined;
  return await askUntil(prompt, { question: 'Endpoint', fallback }, async (text) => {
    await checkEndpoint(text, asking);
    return text;
  });
}

async function checkEndpoint(text: string, { context, request }: Asking): Promise<void> {
  const base = { cwd: context.cwd, home: context.env['HOME'] };
  await refuseUnfitFolder(parseOrSuggest(text, base, endpointOptions(context.env, request.overrides)));
}

/** Further requirements of some kinds of endpoints. */
async function askMore({ request, context, prompt }: Asking, text: string): Promise<Pick<InitAnswers, 'live' | 'aws'>> {
  const { kind } = parseEndpoint(text, endpointOptions(context.env, request.overrides));
  const { aws, live } = request;
  if (prompt === null) return { live, aws };
  if (kind === 's3') {
    const region = aws.region ?? (await prompt.line('AWS region', context.env['AWS_REGION']));
    const table = aws.table ?? (await prompt.line('DynamoDB table for the manifest'));
    return { live, aws: { region: region || undefined, table: table || undefined } };
  }
  if (live !== undefined || (kind !== 'http' && kind !== 'ssh')) return { live, aws };
  const question = 'Do programs work in the database at this address, as in one of a `dolt sql-server`? yes or no';
  const answer = await askUntil(prompt, { question, fallback: 'no' }, async (word) => {
    if (/^y(es)?$/i.test(word)) return true;
    if (/^no?$/i.test(word)) return false;
    throw new Failure('bad-usage', `${JSON.stringify(word)} is neither yes nor no`, { hint: 'Type yes or no.' });
  });
  return { aws, live: answer };
}

async function askName({ request, configuration, repository, root, prompt }: Asking): Promise<string | null> {
  const given = request.name ?? configuration.town.value;
  if (given !== null) return requireTown(given);
  const guess = repository?.name ?? basename(root);
  const fallback = isDatabaseName(guess) ? guess : undefined;
  if (prompt === null) return fallback ?? null;
  return await askUntil(prompt, { question: 'Name of this database among its peers', fallback }, async (text) =>
    requireTown(text),
  );
}

function requireTown(text: string): string {
  const read = databaseName.safeParse(text);
  if (read.success) return read.data;
  const why = read.error.issues.map(({ message }) => message).join('; ');
  throw new Failure('bad-usage', `the name ${JSON.stringify(text)} is not allowed: it ${why}`, {
    hint: 'Give another one with `--name`.',
  });
}

const MAX_TRIES = 5;

/** Asks again after an answer that is not accepted, a few times. */
async function askUntil<T>(
  prompt: Prompt,
  { question, fallback }: { readonly question: string; readonly fallback: string | undefined },
  accept: (text: string) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const text = await prompt.line(question, fallback);
    try {
      return await accept(text);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code === 'interrupted' || tries === MAX_TRIES) throw failure;
      prompt.say(`${failure.message}\n  ${failure.hint}`);
    }
  }
}
