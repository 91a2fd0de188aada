import { setFailed } from '@actions/core';
import { runAction } from './action/run-action.ts';
import { toFailure } from './core/failure.ts';

try {
  await runAction();
} catch (thrown) {
  const { code, message, hint } = toFailure(thrown);
  setFailed(`${message}\n${hint} (${code})`);
}
