/** Makes a text of a tool fit to be shown. */
export type Redactor = Pick<Secrets, 'redact'>;

/** The values of a run that may appear nowhere, and texts without them: what no pattern can know. */
export class Secrets {
  readonly #onAdd: (secret: string) => void;
  #values: readonly string[] = [];

  /** @param onAdd told of each value once, before anybody can use it */
  constructor(onAdd: (secret: string) => void = () => {}) {
    this.#onAdd = onAdd;
  }

  add(secret: string): void {
    if (secret === '' || this.#values.includes(secret)) return;
    this.#onAdd(secret);
    // The longest first: where one secret is part of another, both go.
    this.#values = [...this.#values, secret].sort((a, b) => b.length - a.length);
  }

  /** The text with `***` in the place of every value that was added. */
  hide(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, REDACTED), text);
  }

  /** A text of a tool, which may hold other secrets as well. Values go first: a pattern would leave half of one. */
  redact(text: string): string {
    return redact(this.hide(text));
  }
}

/** What stands for something that must not be shown. */
export const REDACTED = '***';

/** What secrets look like in the words of Dolt, git, ssh and the clouds' clients. The first group, if any, stays. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  // A password in a URL; a user alone is none.
  /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@'"]*:)[^\s/@'"]+(?=@)/gi,
  // Access tokens, by the prefixes that GitHub and GitLab give them; AWS key ids.
  /\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl[a-z]{2,6}-[A-Za-z0-9_-]{16,}|A(?:KIA|SIA)[A-Z0-9]{16})\b/g,
  // Keys of npm, Google, OpenAI and Slack.
  /\b(?:npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{35}|sk-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,})/g,
  /\b((?:authorization: *)?(?:basic|bearer|token) +)[A-Za-z0-9+/._~-]{8,}=*/gi,
  // What a remotesrv signs for one table file and a quarter of an hour.
  /\b(single_symmetric_key_sealed_request\/[^\s"']*?[?&]req=)[^\s"'&]+/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  // `name=value` and `"name": "value"` where the name says what the value is.
  /\b([a-z0-9_-]{0,40}(?:password|passwd|secret|token|signature|credential|(?:private|access|api)[_-]?key|sig)["']? *[=:] *["']?)[^\s"'&,;]+/gi,
];

/**
 * A text of a tool without what may be secret in it. The second line of defence: what is known to be secret is replaced by
 * its value, before (`Secrets`).
 */
export function redact(text: string): string {
  return SECRETS.reduce(
    (rest, secret) => rest.replace(secret, (_, ...groups: readonly unknown[]) => `${kept(groups[0])}${REDACTED}`),
    text,
  );
}

/** Without a group, what comes first is the place of the match. */
function kept(group: unknown): string {
  return typeof group === 'string' ? group : '';
}

const SECRET_NAME =
  /(?:^|_)(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)(?:$|_)/i;

/** Whether what is called so holds a secret as a whole. */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}
