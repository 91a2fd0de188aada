import { z } from 'zod';
import { Failure } from '../core/failure.ts';

const schema = z.looseObject({ type: z.string().min(1), private_key: z.string().optional() });

/**
 * Credentials of Google's clients (https://cloud.google.com/docs/authentication, "application default credentials").
 * @throws Failure `config-invalid`, which shows nothing of the text
 */
export function checkGoogleJson(text: string, label: string): string {
  if (readGoogleJson(text) !== null) return text.trim();
  throw new Failure('config-invalid', `${label} is no JSON of Google's: an object with a \`type\``, {
    hint: 'Take the file that Google gave as it is, best through {env: NAME}.',
  });
}

/** The PEM key that stands in such JSON, its line breaks decoded; null where there is none. */
export function googlePrivateKey(json: string): string | null {
  return readGoogleJson(json)?.private_key ?? null;
}

function readGoogleJson(text: string): z.infer<typeof schema> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // The parser's own message quotes the text.
    return null;
  }
}
