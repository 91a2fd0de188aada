import { warning } from '@actions/core';
import { ignoreWorkingDirectory } from './core/env.ts';
import { errorMessage } from './core/failure.ts';
import { runPost } from './frontends/action/run-post.ts';

try {
  ignoreWorkingDirectory();
  await runPost();
} catch (thrown) {
  // Whatever is left, the job has done its work.
  warning(`cleaning up after the run: ${errorMessage(thrown)}`);
}
