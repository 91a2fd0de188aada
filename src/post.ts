import { warning } from '@actions/core';
import { runPost } from './action/run-post.ts';
import { errorMessage } from './core/failure.ts';

try {
  await runPost();
} catch (thrown) {
  // Whatever is left, the job has done its work.
  warning(`cleaning up after the run: ${errorMessage(thrown)}`);
}
