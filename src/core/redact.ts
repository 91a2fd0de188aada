/** What stands for something that must not be shown. */
export const REDACTED = '[redacted]';

/** Texts that are secrets wherever they stand: keys and tokens that say themselves what they are. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,})/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\bsk-[A-Za-z0-9_-]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
];

/** A secret behind a word that announces it; the word stays. */
const ANNOUNCED =
  /((?:authorization|bearer|passw(?:or)?d|secret|api[_-]?key|access[_-]?key|token)["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)([^\s"',;]{6,})/gi;
/** The password of an URL with user information. */
const IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)([^\s/@]+)(@)/gi;

/** A text without what looks like a secret; best effort, for texts that people wrote. */
export function redact(text: string): string {
  const plain = SECRETS.reduce((left, secret) => left.replace(secret, REDACTED), text);
  return plain.replace(ANNOUNCED, `$1${REDACTED}`).replace(IN_URL, `$1${REDACTED}$3`);
}

const SECRET_NAME =
  /(?:^|_)(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)(?:$|_)/i;

/** Whether what is called so holds a secret as a whole. */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}
