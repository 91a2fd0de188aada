import type { Env } from '../core/env.ts';

/**
 * A service address without its path, as two of them are compared.
 * @returns null for anything but `https://host` and `http://host`
 */
export function serviceOf(written: string): string | null {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/i.test(written) || !URL.canParse(written)) return null;
  return new URL(written).origin;
}

/** Whether a service address is one of Amazon's own. */
function isAmazon(written: string): boolean {
  const service = serviceOf(written);
  return service !== null && /^https:\/\/[a-z0-9.-]+\.(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(service);
}

/** Whether what the job has of AWS may go there: to Amazon, or to the service that the job itself names. */
export function isForJob(written: string, env: Env): boolean {
  const service = serviceOf(written);
  return isAmazon(written) || (service !== null && service === serviceOf(env['AWS_ENDPOINT_URL_S3'] ?? ''));
}
