import type { Env } from '../core/env.ts';

/**
 * A service address without its path, as two of them are compared.
 * @returns null for anything but `https://host` and `http://host`
 */
export function serviceOf(written: string): string | null {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/i.test(written) || !URL.canParse(written)) return null;
  return new URL(written).origin;
}

/**
 * The names of Amazon's S3, region and VPC endpoint included (AWS General Reference, "Amazon S3 endpoints and quotas").
 * Other services of the same domains run code of their customers: `execute-api`, `ec2-…compute`, `elb`, `lambda-url`.
 */
export const AMAZON_REGION = '[a-z]{2}(?:-[a-z]+)+-[0-9]';
export const AMAZON_S3_HOST = `(?:(?:bucket|accesspoint)\\.vpce-[0-9a-z-]+\\.)?s3(?:-fips)?(?:[.-]${AMAZON_REGION}|\\.dualstack\\.${AMAZON_REGION})?(?:\\.vpce)?\\.(?:amazonaws\\.com|amazonaws\\.com\\.cn|api\\.aws)`;
const AMAZON_S3 = new RegExp(`^https://${AMAZON_S3_HOST}$`);

/** Whether a service address is Amazon's own S3. */
function isAmazonS3(written: string): boolean {
  const service = serviceOf(written);
  return service !== null && AMAZON_S3.test(service);
}

/** Whether what the job has of AWS may go there: to Amazon, or to the service that the job itself names. */
export function isForJob(written: string, env: Env): boolean {
  const service = serviceOf(written);
  return isAmazonS3(written) || (service !== null && service === serviceOf(env['AWS_ENDPOINT_URL_S3'] ?? ''));
}
