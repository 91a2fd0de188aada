import { setFailed } from '@actions/core';
import { ignoreWorkingDirectory } from './core/env.ts';
import { toFailure } from './core/failure.ts';
import { runAction } from './frontends/action/run-action.ts';

try {
  ignoreWorkingDirectory();
  await runAction();
} catch (thrown) {
  const { code, message, hint } = toFailure(thrown);
  setFailed(`${message}\n${hint} (${code})`);
}
