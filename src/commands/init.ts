import { dirname, join, relative, resolve } from 'node:path';
import type { ConfigOverrides, Configuration, Peer } from '../config/configuration.ts';
import { isBeadsWorkspace } from '../config/guards.ts';
import { loadConfiguration } from '../config/load.ts';
import { requireFederation } from '../config/requirements.ts';
import { type FirstPeer, withFirstPeer } from '../config/yaml/first-peer.ts';
import type { DoctorCheck } from '../contract/doctor-result.ts';
import type { InitResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import type { GivenCredentials } from '../credentials/load.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { initText } from '../report/commands/init.ts';
import { WORKFLOW_PATH, workflow } from '../report/commands/workflow.ts';
import { defineCommand, type RawRequest } from './command.ts';
import type { Context } from './context.ts';
import { refused } from './doctor/check.ts';
import { doctor } from './doctor/index.ts';
import { editConfiguration } from './prepare/edit-configuration.ts';
import { type InitAnswers, initAnswers } from './prepare/init-answers.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { isCommittable, ownRepositoryOf } from './prepare/own-repository.ts';
import { workflowNeeds } from './prepare/workflow-needs.ts';

export interface InitRequest {
  readonly endpoint: string | undefined;
  readonly database: string | undefined;
  /** The name of this database among its peers. */
  readonly name: string | undefined;
  /** Whether the endpoint is a running database. */
  readonly live: boolean | undefined;
  readonly aws: InitAnswers['aws'];
  /** Whether nothing is asked, also on a terminal. */
  readonly yes: boolean;
  readonly credentials?: GivenCredentials | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/** The name of a primary that needs more than an endpoint. */
const PRIMARY = 'mailbox';

/**
 * Sets up a database for federation: writes the configuration of its primary and prepares the workflow to copy. It asks
 * for what is not given, if there is a terminal. It contacts no peer.
 * @throws Failure `already-configured` if there is a peer, `no-database`, `bad-usage`, or any error of the
 * configuration; nothing is written then
 */
export async function init(request: InitRequest, context: Context): Promise<InitResult> {
  const before = await loadConfiguration(context, request.overrides);
  refuseConfigured(before);
  const workspace = before.workspace ?? join(context.cwd, '.beads');
  const file = join(workspace, 'config.yaml');
  const root = dirname(workspace);
  const repository = await ownRepositoryOf(context);
  const prompt = request.yes ? null : (context.prompt?.() ?? null);
  const answers = await initAnswers({ request, context, configuration: before, repository, root, prompt }).finally(() =>
    prompt?.close(),
  );
  const isBeads = before.workspace !== null && (await isBeadsWorkspace(before.workspace));
  const folder = isBeads && request.database === undefined ? null : folderOf(answers.database, { root, file });
  const first: FirstPeer = { primary: primaryOf(answers), database: folder, town: answers.town };
  const { after } = await editConfiguration(
    context,
    request.overrides,
    (text, current) => {
      refuseConfigured(current);
      return withFirstPeer(text, first);
    },
    { into: { file, workspace, isBeads } },
  );
  const peer = primaryIn(after);
  const needs = workflowNeeds({ peer, repository, town: answers.town, namesDatabase: folder !== null });
  return {
    status: 'created',
    file,
    database: answers.database,
    toClone: answers.toClone,
    peer: peer.name,
    endpoint: answers.endpoint,
    town: answers.town,
    checks: await check(request, context, answers.toClone ? undefined : answers.database),
    notes: notes(
      { before, root, folder, isBeads, committable: await isCommittable(answers.database, context) },
      answers,
    ),
    workflow: { path: WORKFLOW_PATH, text: workflow(needs), secrets: [...needs.secrets] },
  };
}

/** A configuration with peers, or with a mode that someone chose against federation, is not changed. */
function refuseConfigured(configuration: Configuration): void {
  const { file, peers, syncMode } = configuration;
  if (peers.length > 0) {
    const names = peers.map(({ name }) => name).join(', ');
    throw new Failure('already-configured', `${file ?? 'the environment'} already configures peers: ${names}`);
  }
  if (syncMode.origin.layer !== 'default') requireFederation(configuration);
}

/** The database as the configuration names it; null if it is found without that, or outside the folder. */
function folderOf(database: string, { root, file }: { readonly root: string; readonly file: string }): string | null {
  const way = relative(root, database);
  if (way === '' || way.startsWith('..') || resolve(root, way) !== database) return null;
  return relative(dirname(file), database);
}

/** Only an endpoint, or a peer with the role `primary` if it needs more. */
function primaryOf({ endpoint, live, aws }: InitAnswers): FirstPeer['primary'] {
  const settings = {
    ...(aws.region === undefined ? {} : { region: aws.region }),
    ...(aws.table === undefined ? {} : { 'dynamodb-table': aws.table }),
  };
  const more = {
    ...(live === undefined ? {} : { live }),
    ...(Object.keys(settings).length === 0 ? {} : { aws: settings }),
  };
  if (Object.keys(more).length === 0) return endpoint;
  return { name: PRIMARY, value: { endpoint, role: 'primary', ...more } };
}

function primaryIn({ peers }: Configuration): Peer {
  const primary = peers.find(({ role }) => role === 'primary');
  if (primary === undefined) throw new Failure('unknown', 'the new configuration has no primary');
  return primary;
}

/** The missing requirements that `doctor` finds. The configuration is written by then, so no finding is an error. */
async function check(request: InitRequest, context: Context, database: string | undefined): Promise<DoctorCheck[]> {
  const { overrides, dolt, credentials } = request;
  try {
    const asked = { only: [], database, branch: undefined, credentials, untrusted: false, overrides, dolt };
    const { checks } = await doctor(asked, context);
    return checks.filter(({ status }) => status === 'missing' || status === 'warning');
  } catch (thrown) {
    return [refused({ check: 'credentials' }, thrown)];
  }
}

interface InitFacts {
  readonly before: Configuration;
  readonly root: string;
  readonly folder: string | null;
  readonly isBeads: boolean;
  /** Whether a commit of the repository could contain the database. */
  readonly committable: boolean;
}

function notes({ before, root, folder, isBeads, committable }: InitFacts, { database, town }: InitAnswers): string[] {
  const way = relative(root, database);
  const isOutside = !isBeads && way.startsWith('..');
  return [
    ...(before.workspace !== null && before.syncMode.origin.layer === 'default'
      ? ['`sync.mode: dolt-native` was added, because the default of a folder with `.beads` allows no federation.']
      : []),
    ...(isOutside
      ? [
          `The database is outside ${root}, so the configuration cannot name it. On this machine, set DOLT_FEDERATION_DATABASE=${database}.`,
        ]
      : []),
    ...(folder !== null && way !== '' && committable
      ? [`Add ${way}/ to .gitignore: the database is published to its peers, not with the repository.`]
      : []),
    ...(town === null
      ? ['`federation.town` was not set: the name of the folder cannot be one. Pushes to running databases need it.']
      : []),
  ];
}

export const initCommand = defineCommand({
  parse: initRequest,
  run: init,
  render: (result) => ({ json: result, text: ({ columns }) => initText(result, columns) }),
});

function initRequest(raw: RawRequest): InitRequest {
  const { read } = raw;
  const live = read('live');
  return {
    endpoint: raw.operands[0],
    database: read('database'),
    name: read('name'),
    live: live === undefined ? undefined : live === 'true',
    aws: { region: read('aws-region'), table: read('aws-dynamodb-table') },
    yes: read('yes'),
    credentials: raw.credentials,
    overrides: requestedConfig(read),
    dolt: requestedDolt(raw),
  };
}
