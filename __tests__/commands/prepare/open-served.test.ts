import { expect, test } from '@jest/globals';
import { requireExchangeNamed } from '../../../src/commands/prepare/served/open-served.ts';
import type { Origin } from '../../../src/config/configuration.ts';
import { parseCredentials } from '../../../src/credentials/parse.ts';

const SETTING = { host: 'db.example', port: 1, user: 'root', database: 'north', remotesapi: 5, tls: true };
const ENTRY = 'federation.server: {url: "mysql://db.example:1", user: u, password: w';
const OTHER = `${ENTRY}, remotesapi: 6}`;
const PATTERN = 'https://db.example:5/north';
const WORKFLOW: Origin = { layer: 'environment', variable: 'BD_FEDERATION_ALLOWED_REMOTE_PATTERNS' };
const FILE: Origin = { layer: 'file', location: { file: 'config.yaml' } };
const NONE: Origin = { layer: 'default' };

test.each<[string, { text: string; ceiling?: null; patterns?: string[]; origin?: Origin; remotesapi?: null }, boolean]>(
  [
    ['in a job with an entry that does not name it', { text: `${ENTRY}}` }, false],
    ['that the entry names', { text: `${ENTRY}, remotesapi: 5}` }, true],
    ['in a job with an entry that names another one', { text: OTHER }, false],
    ['that the workflow allows', { text: `${ENTRY}}`, patterns: [PATTERN], origin: WORKFLOW }, true],
    ['that only the checkout allows', { text: `${ENTRY}}`, patterns: [PATTERN], origin: FILE }, false],
    ['that no pattern allows', { text: `${ENTRY}}`, patterns: ['mysql://*'], origin: WORKFLOW }, false],
    [
      'that the workflow allows, and the entry names another',
      { text: OTHER, patterns: [PATTERN], origin: WORKFLOW },
      false,
    ],
    ['in a terminal', { text: `${ENTRY}}`, ceiling: null }, true],
    ['in a terminal with an entry that names another one', { text: OTHER, ceiling: null }, false],
    ['without a password', { text: '' }, true],
    ['that is not set', { text: `${ENTRY}}`, remotesapi: null }, true],
  ],
)('the password of the server is sent to a remotesapi port %s: %j: %s', (_, given, isSent) => {
  const { text, ceiling = '/w', patterns: value = [], origin = NONE, remotesapi = SETTING.remotesapi } = given;
  const known = {
    credentials: parseCredentials({ text, name: 'creds.yaml' }, {}),
    configuration: { allowedRemotePatterns: { value, origin } },
    database: 'north',
  };
  const check = () => requireExchangeNamed({ ...SETTING, remotesapi }, known, { ceiling });
  if (isSent) expect(check()).toBeUndefined();
  else
    expect(check).toThrow(
      expect.objectContaining({ code: 'credential-url-mismatch', hint: expect.stringContaining('`remotesapi: 5`') }),
    );
});
