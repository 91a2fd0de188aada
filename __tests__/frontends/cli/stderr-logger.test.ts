import { describe, expect, test } from '@jest/globals';
import { Secrets } from '../../../src/core/secrets.ts';
import type { Display } from '../../../src/frontends/cli/parse-argv.ts';
import { stderrLogger } from '../../../src/frontends/cli/stderr-logger.ts';

function logged(change: Partial<Display>): string[] {
  const lines: string[] = [];
  const display = { json: false, quiet: false, verbose: false, wide: false, showOrigin: false, ...change };
  const log = stderrLogger(display, new Secrets(), (line) => lines.push(line));
  log.debug('step');
  log.info('note');
  log.warning('care');
  return lines;
}

describe('the log on standard error', () => {
  test.each<[string, Partial<Display>, string[]]>([
    ['nothing', {}, ['note', 'warning: care']],
    ['--verbose', { verbose: true }, ['step', 'note', 'warning: care']],
    ['--quiet', { quiet: true }, ['warning: care']],
    ['--json', { json: true }, []],
    ['--json --verbose', { json: true, verbose: true }, ['step', 'note', 'warning: care']],
  ])('prints its lines with %s', (_, change, lines) => {
    expect(logged(change)).toEqual(lines);
  });

  test('hides a secret from the moment that it is added', () => {
    const lines: string[] = [];
    const secrets = new Secrets();
    const display = { json: false, quiet: false, verbose: true, wide: false, showOrigin: false };
    const log = stderrLogger(display, secrets, (line) => lines.push(line));
    secrets.add('s3cret');
    log.info('password s3cret, again s3cret');
    log.debug('s3cret');
    log.warning('s3cret');
    expect(lines).toEqual(['password ***, again ***', '***', 'warning: ***']);
  });
});
