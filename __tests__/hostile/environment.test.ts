import { expect, test } from '@jest/globals';
import { doltEnvironment } from '../../src/dolt/environment.ts';
import { goEnvironment } from '../../src/install/go.ts';

/** The variables that an earlier step of the job can set for all later ones. */
const HOSTILE = {
  LD_PRELOAD: '/tmp/x.so',
  LD_LIBRARY_PATH: '/tmp',
  DYLD_INSERT_LIBRARIES: '/tmp/x.dylib',
  NODE_OPTIONS: '--require /tmp/x.js',
  NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
  BASH_ENV: '/tmp/x.sh',
  ENV: '/tmp/x.sh',
  DOLT_ROOT_PATH: '/tmp/root',
  DOLT_CONTEXT: 'x',
  DOLT_REMOTE_PASSWORD: 'x',
  DOLT_ROOT_PASSWORD: 'x',
  DOLT_ROOT_HOST: '%',
  DOLT_DISABLE_EVENT_FLUSH: '0',
  GIT_SSH_COMMAND: 'touch /tmp/x',
  GIT_SSH: '/tmp/x',
  GIT_PROXY_COMMAND: '/tmp/x',
  GIT_EXEC_PATH: '/tmp',
  GIT_DIR: '/tmp/repo',
  GIT_CONFIG: '/tmp/c',
  GIT_CONFIG_GLOBAL: '/tmp/c',
  GIT_CONFIG_SYSTEM: '/tmp/c',
  GIT_CONFIG_PARAMETERS: "'core.sshCommand=touch /tmp/x'",
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'core.sshCommand',
  GIT_CONFIG_VALUE_0: 'touch /tmp/x',
  GIT_CONFIG_KEY_9: 'core.sshCommand',
  GIT_CONFIG_VALUE_9: 'touch /tmp/x',
  GIT_ASKPASS: '/tmp/x',
  GIT_TEMPLATE_DIR: '/tmp/t',
  GIT_TRACE: '/tmp/trace',
  GIT_SSL_NO_VERIFY: '1',
  SSH_ASKPASS: '/tmp/x',
  SSH_AUTH_SOCK: '/tmp/agent',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_CONFIG_FILE: '/tmp/aws',
  GOOGLE_APPLICATION_CREDENTIALS: '/tmp/g',
  GODEBUG: 'x509ignoreCN=0',
  ACTIONS_RUNTIME_TOKEN: 'x',
  GITHUB_TOKEN: 'x',
  INPUT_CREDENTIALS: 'x',
} as const;
const HARMLESS = { PATH: '/usr/bin', HOME: '/home/x', LANG: 'C', TMPDIR: '/tmp' } as const;

test.each([true, false])(
  'a Dolt process inherits no variable that an earlier step set for others (user home: %s)',
  (userHome) => {
    const options = { privateDir: '/private', userHome };
    const clean = doltEnvironment(HARMLESS, '/private/root', options);
    expect(doltEnvironment({ ...HARMLESS, ...HOSTILE }, '/private/root', options)).toEqual(clean);
    expect(clean).toMatchObject({ DOLT_ROOT_PATH: '/private/root', GIT_TEMPLATE_DIR: '', GIT_CONFIG_COUNT: '1' });
  },
);

test('a Go build inherits no such variable either', () => {
  const folders = { bin: '/bin', home: '/home' };
  expect(goEnvironment({ ...HARMLESS, ...HOSTILE }, folders)).toEqual(goEnvironment(HARMLESS, folders));
});
