import { z } from 'zod';

/** A value as the client hands it over with everything set to text: text, number, bytes, or NULL. */
export const cellSchema = z
  .union([z.string(), z.number(), z.boolean(), z.instanceof(Buffer), z.null()])
  .transform(asText);

/** A value for a report: bytes in hexadecimal, NULL as null. */
function asText(value: string | number | boolean | Buffer | null): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : String(value);
}
