import { type CanonicalPart, canonicalParts, canonicalText } from './secrets/canonical-text.ts';
import { KnownTexts } from './secrets/known-texts.ts';

/** Redacts the output of a tool. */
export type Redactor = Pick<Secrets, 'redact'>;

/** The secret values of a run; removes them from texts. Patterns cannot detect them all. */
export class Secrets {
  readonly #onAdd: (secret: string) => void;
  readonly #values = new KnownTexts();
  readonly #canonical = new KnownTexts();

  /** @param onAdd called once for each value before it can be used */
  constructor(onAdd: (secret: string) => void = () => {}) {
    this.#onAdd = onAdd;
  }

  add(secret: string): void {
    if (secret === '' || this.#values.has(secret)) return;
    this.#onAdd(secret);
    this.#values.add(secret);
    for (const one of canonicalForms(secret)) this.#canonical.add(one);
  }

  /** The text with every added value replaced by `***`, in any spelling. Values that overlap are replaced together. */
  hide(text: string): string {
    const shown: string[] = [];
    let rest = 0;
    for (const [start, end] of this.#rangesIn(text)) {
      if (start >= rest) shown.push(text.slice(rest, start), REDACTED);
      rest = Math.max(rest, end);
    }
    return [...shown, text.slice(rest)].join('');
  }

  #rangesIn(text: string): readonly (readonly [start: number, end: number])[] {
    const ranges = [...this.#values.rangesIn(text)];
    if (this.#canonical.isEmpty) return ranges;
    for (const part of canonicalParts(text, this.#canonical.longest)) {
      const isLongEnough = (start: number, end: number) =>
        end - start >= LEAST_SECRET || spelledLength(part, start, end) >= LEAST_SECRET;
      for (const [start, end] of this.#canonical.rangesIn(part.text, isLongEnough))
        ranges.push(part.original(start, end));
    }
    return ranges.sort(([a], [b]) => a - b);
  }

  /**
   * Redacts the output of a tool, which may contain other secrets as well. Values go first: a pattern would leave half
   * of one.
   */
  redact(text: string): string {
    return redact(this.hide(text));
  }
}

/**
 * A secret in one spelling. A short one has none: texts that read alike would be hidden. That of a longer one can be
 * short, without its backslashes and repeated quotes; then only longer texts are taken for it. Bytes of Latin-1 are what
 * some encoders write for its characters.
 */
function canonicalForms(secret: string): readonly string[] {
  const latin1 = secret.replace(/[\x80-\xff]/g, (unit) => `%${unit.charCodeAt(0).toString(16)}`);
  return [secret, latin1]
    .map(canonicalText)
    .filter((one) => one !== '' && Math.max(one.length, secret.length) >= LEAST_SECRET);
}

function spelledLength({ original }: CanonicalPart, start: number, end: number): number {
  const [from, to] = original(start, end);
  return to - from;
}

/** Whether a secret may be sent to an address: over https, or over http to this machine. */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isThisMachine(hostname));
}

/** @param host of a URL */
export function isThisMachine(host: string): boolean {
  return host === '127.0.0.1' || host === '[::1]' || host === 'localhost';
}

/** Hiding shorter texts would hide half of a log. */
export const LEAST_SECRET = 8;

/** A secret and each of its lines of eight characters or more: a log shows line by line. */
export function secretAndLines(secret: string): readonly string[] {
  return [secret, ...secret.split('\n').filter((line) => line.trim().length >= LEAST_SECRET)];
}

/** Replaces a secret. */
export const REDACTED = '***';

/**
 * Patterns of secrets in the output of Dolt, git, ssh and cloud clients. The first group, if any, is kept. Each takes
 * time in proportion to the text, which a peer may have written: what repeats before a fixed part is bounded.
 */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  // A token of GitHub as the user of a URL, as its documentation once advised.
  /(?<=:\/\/)[^\s/:@'"]{1,255}(?=:x-oauth-basic@)/gi,
  // A password in a URL; a user name alone is not a secret.
  /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@'"]*:)[^\s/@'"]+(?=@)/gi,
  // Access tokens, by the prefixes of GitHub and GitLab; AWS key ids. Before one may be an escape of a quoted text.
  /(?:\b|(?<=\\[nrt]))(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl[a-z]{2,6}-[A-Za-z0-9_-]{16,}|A(?:KIA|SIA)[A-Z0-9]{16})\b/g,
  // Keys of npm, Google, OpenAI and Slack.
  /(?:\b|(?<=\\[nrt]))(?:npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{35}|sk-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,})/g,
  /\b((?:authorization: *)?(?:basic|bearer|token) +)[A-Za-z0-9+/._~-]{8,}=*/gi,
  // A URL that a remotesrv signs for one table file and 15 minutes.
  /\b(single_symmetric_key_sealed_request\/[^\s"']{0,4000}?[?&]req=)[^\s"'&]+/g,
  // The lookahead skips a run of such characters that is not a token, instead of trying each of its parts.
  /(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.)([A-Za-z0-9_-]*?)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  // `name=value` and `"name": "value"` with a name that indicates a secret. `{env: NAME}` names a variable.
  /\b([a-z0-9_-]{0,40}(?:password|passwd|secret|token|(?<!invalid )signature|credential|(?:private|access|api)[_-]?key|sig)["']? *[=:] *["']?)(?!\{env:)[^\s"'&,;]+/gi,
];

/**
 * Redacts a tool's output by patterns. This is the second line of defense; known secrets are replaced by value before
 * (`Secrets`).
 */
export function redact(text: string): string {
  return SECRETS.reduce(
    (rest, secret) => rest.replace(secret, (_, ...groups: readonly unknown[]) => `${kept(groups[0])}${REDACTED}`),
    text,
  );
}

/** Without a group, the first argument is the position of the match. */
function kept(group: unknown): string {
  return typeof group === 'string' ? group : '';
}

const SECRET_NAME =
  /(?:^|_)(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)(?:$|_)/i;

/** Whether a name indicates that its whole value is a secret. */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}
