import { setFailed } from '@actions/core';
import { toFailure } from './core/failure.ts';
import { runAction } from './frontends/action/run-action.ts';

try {
  await runAction();
} catch (thrown) {
  const { code, message, hint } = toFailure(thrown);
  setFailed(`${message}\n${hint} (${code})`);
}
