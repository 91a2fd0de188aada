import { Failure } from '../core/failure.ts';

/**
 * A private key as ssh reads it: LF only, and a line break at the end.
 * @throws Failure `config-invalid`, which shows nothing of the text
 */
export function checkPrivateKey(text: string, label: string): string {
  const key = withLines(text);
  if (/^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\n[\s\S]+\n-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----\n$/.test(key)) {
    return key;
  }
  throw new Failure('config-invalid', `${label} holds no whole private key with lines of its own`, {
    hint: 'Give the whole file from -----BEGIN to -----END, its line breaks kept, best through {env: NAME}.',
  });
}

/**
 * The text of a known_hosts file.
 * @throws Failure `config-invalid`
 */
export function checkKnownHosts(text: string, label: string): string {
  const known = withLines(text);
  const entries = known.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const isEntry = (line: string) => /^(@[a-z-]+ +)?[^ ]+ +[a-z0-9@.-]+ +[A-Za-z0-9+/=]+( .*)?$/i.test(line);
  if (entries.length > 0 && entries.every(isEntry)) return known;
  throw new Failure('config-invalid', `${label} must hold lines of the form \`host type key\``, {
    hint: 'Take the lines from a machine that knows the host, or from its operator: `ssh-keyscan` believes anybody.',
  });
}

function withLines(text: string): string {
  return `${text.replace(/\r\n?/g, '\n').trim()}\n`;
}
