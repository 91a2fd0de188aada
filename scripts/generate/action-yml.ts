import { stringify } from 'yaml';
import { OUTPUTS, type OutputName } from '../../src/contract/outputs.ts';
import { described } from './described.ts';
import { actionInputs, type Input, setupInputs, syncInputs, validateInputs } from './inputs.ts';

const HEAD = '# Written by `npm run generate` from src/contract. Change it there.\n';
const RUNTIME = 'node24';
const ALL_OUTPUTS = Object.keys(OUTPUTS) as OutputName[];
/** Outputs that a sync never sets. */
const OF_OTHER_COMMANDS: readonly OutputName[] = ['proof-path', 'sarif-path', 'matrix'];

/** action.yml: the metadata of the Action. */
export function actionYml(): string {
  return metadata({
    name: 'dolt-federation',
    description: 'Keep independent Dolt databases in step with each other, peer to peer',
    inputs: actionInputs(),
    outputs: ALL_OUTPUTS,
    dist: 'dist',
  });
}

/** setup/action.yml: the same bundle for jobs that only need Dolt, and therefore no permissions. */
export function setupActionYml(): string {
  return metadata({
    name: 'dolt-federation setup',
    description: 'Find or install Dolt, with a verified digest',
    inputs: setupInputs(),
    outputs: ['dolt-version', 'dolt-path', 'cache-hit'],
    dist: '../dist',
  });
}

/** validate/action.yml: the same bundle for pull requests, which only needs to read the checkout. */
export function validateActionYml(): string {
  return metadata({
    name: 'dolt-federation validate',
    description: 'Check the configuration of a federation offline, and report every problem on its line',
    inputs: validateInputs(),
    outputs: ['status', 'result', 'result-path', 'sarif-path', 'matrix'],
    dist: '../dist',
  });
}

/**
 * sync/action.yml: the same bundle for the reusable workflow. A workflow can name an action of its own commit only below a
 * folder (`$/sync`), not the one at the root of its repository.
 */
export function syncActionYml(): string {
  return metadata({
    name: 'dolt-federation sync',
    description: 'Exchange commits with the peers of a Dolt database',
    inputs: syncInputs(),
    outputs: ALL_OUTPUTS.filter((name) => !OF_OTHER_COMMANDS.includes(name)),
    dist: '../dist',
  });
}

interface Metadata {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly OutputName[];
  /** Folder of the bundles, relative to the file. */
  readonly dist: string;
}

function metadata({ name, description, inputs, outputs, dist }: Metadata): string {
  const action = {
    name,
    description,
    author: 'dolt-federation',
    branding: { icon: 'git-merge', color: 'blue' },
    inputs: Object.fromEntries(inputs.map((input) => [input.name, inputEntry(input)])),
    outputs: Object.fromEntries(
      outputs.map((output) => [output, { description: described(`the output ${output}`, OUTPUTS[output]) }]),
    ),
    runs: { using: RUNTIME, main: `${dist}/main.js`, post: `${dist}/post.js` },
  };
  return HEAD + stringify(action, { lineWidth: 0 });
}

/**
 * Inputs whose default only the Action itself fills in. A default in action.yml would hide whether the user gave a value,
 * and the version of `dolt-path` is checked only if the user gave one.
 */
const OWN_DEFAULTS: readonly string[] = ['dolt-version'];

function inputEntry({ name, description, choices, default: byDefault }: Input) {
  const own = OWN_DEFAULTS.includes(name);
  const notes = [
    ...(choices.length > 1 ? [`one of ${choices.join(', ')}`] : []),
    ...(own && byDefault !== undefined ? [`default ${byDefault}`] : []),
  ];
  return {
    description: notes.length === 0 ? description : `${description} (${notes.join('; ')})`,
    required: false,
    ...(own || byDefault === undefined ? {} : { default: byDefault }),
  };
}
