import { stringify } from 'yaml';
import { OUTPUTS } from '../../src/contract/outputs.ts';
import { actionInputs, type Input } from './inputs.ts';

const HEAD =
  '# Written by `npm run generate` from src/contract. Change it there.\n' +
  '# Types of inputs and outputs, as https://github.com/typesafegithub/github-actions-typing reads them.\n';

const TYPES = { text: 'string', flag: 'boolean', count: 'integer', duration: 'string', choice: 'enum' } as const;

/** action-types.yml: what editors and typed workflow generators need to know. */
export function actionTypesYml(): string {
  const inputs = Object.fromEntries(actionInputs().map((input) => [input.name, inputType(input)]));
  const outputs = Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, { type: 'string' }]));
  return HEAD + stringify({ inputs, outputs }, { lineWidth: 0 });
}

function inputType({ type, choices }: Input) {
  return { type: TYPES[type], ...(type === 'choice' ? { 'allowed-values': choices } : {}) };
}
