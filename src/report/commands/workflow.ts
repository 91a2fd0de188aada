import { VERSION } from '../../core/version.ts';

/** A secret of the repository that a workflow reads. */
export interface WorkflowSecret {
  readonly name: string;
  /** Its value. */
  readonly value: string;
}

/** The differences between the workflows that federate on a schedule. */
export interface WorkflowNeeds {
  /** `owner/name`; null: unknown. */
  readonly repository: string | null;
  /** Minute of each hour. */
  readonly minute: number;
  readonly runner: 'ubuntu-latest' | 'self-hosted';
  /** `write`: the database is in the repository of the workflow and uses the token of the job. */
  readonly contents: 'read' | 'write';
  /** The peer to clone from; null: found without it. */
  readonly bootstrap: string | null;
  readonly secrets: readonly WorkflowSecret[];
  /** Lines of the input `credentials`. */
  readonly credentials: readonly string[];
}

export const WORKFLOW_PATH = '.github/workflows/federation.yml';
const UNKNOWN_REPOSITORY = 'my-org/my-repo';

/** The words of a workflow that its user replaces. */
export function placeholders(workflow: string): string {
  return workflow.includes(`'${UNKNOWN_REPOSITORY}'`)
    ? `OWNER, COMMIT, and ${UNKNOWN_REPOSITORY} with your repository`
    : 'OWNER and COMMIT';
}

/** Actions of others, each pinned by the commit of a version. */
const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1';
const UPLOAD = 'actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1';

/** The workflow that federates every hour, to copy: least permissions, one run at a time, none in forks. */
export function workflow(needs: WorkflowNeeds): string {
  const { repository, minute, runner, contents, bootstrap, secrets, credentials } = needs;
  const environment = ['    environment:', '      name: federation', '      deployment: false'];
  const variables = secrets.map(({ name }) => `          ${name}: \${{ secrets.${name} }}`);
  const inputs = [
    ...(bootstrap === null ? [] : [`          bootstrap: ${bootstrap}`]),
    ...(credentials.length === 0
      ? []
      : ['          credentials: |', ...credentials.map((line) => `            ${line}`)]),
  ];
  return [
    'name: federation',
    'on:',
    '  schedule:',
    `    - cron: '${minute} * * * *'`,
    '  workflow_dispatch:',
    '',
    'permissions: {}',
    '',
    'jobs:',
    '  sync:',
    '    name: Sync',
    `    if: github.repository == '${repository ?? UNKNOWN_REPOSITORY}'`,
    `    runs-on: ${runner}`,
    '    timeout-minutes: 20',
    ...(secrets.length === 0 ? [] : environment),
    '    permissions:',
    contents === 'write' ? '      contents: write # the remote is in this repository' : '      contents: read',
    '    concurrency:',
    '      group: dolt-federation',
    '      cancel-in-progress: false',
    '    steps:',
    `      - uses: ${CHECKOUT}`,
    '        with:',
    '          fetch-depth: 1',
    '          persist-credentials: false',
    `      - uses: OWNER/dolt-federation@COMMIT # v${VERSION}`,
    '        id: sync',
    ...(variables.length === 0 ? [] : ['        env:', ...variables]),
    '        with:',
    '          command: sync',
    ...inputs,
    `      - uses: ${UPLOAD}`,
    "        if: always() && steps.sync.outputs.conflicts-path != ''",
    '        with:',
    '          name: conflicts',
    `          path: \${{ steps.sync.outputs.conflicts-path }}`,
    '',
  ].join('\n');
}
