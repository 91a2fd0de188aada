import { describe, expect, test } from '@jest/globals';
import { ENDPOINT_FORMS, formOf } from '../../src/config/endpoint/kinds.ts';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';
import { refusal } from '../helpers/configuring.ts';

const OPTIONS = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };

/** Each row contains the endpoint and a part of its message. */
const REFUSED: readonly (readonly [written: string, why: string])[] = [
  ['', 'empty part'],
  ['/srv/hub', 'none of the accepted forms'],
  ['./hub', 'none of the accepted forms'],
  ['host:path', 'none of the accepted forms'],
  ['C:\\hub', 'backslash'],
  ['ftp://h/p', '"ftp://" is not supported'],
  ['git+http://h/p', 'is not supported'],
  ['https://h', 'no path'],
  ['https://h/', 'empty part'],
  ['https://h//p', 'empty part'],
  ['https://h/p/', 'empty part'],
  ['https:///p', 'empty part'],
  ['https://@h/p', 'empty part'],
  ['https://h:/p', 'port'],
  ['https://h:0/p', 'port'],
  ['https://h:65536/p', 'port'],
  ['https://h:8a/p', 'port'],
  ['https://a..b/p', 'empty part'],
  ['https://ex%61mple.com/p', 'its host may contain only'],
  ['https://[::g]/p', 'IPv6 address is malformed'],
  ...['https://10.0.0.256/p', 'git+https://1.2.3.4.5/p', 'https://dolt.example.123/p', 'az://xn--a/c/p'].map(
    (endpoint): [string, string] => [endpoint, 'its host is neither a name nor an IP address'],
  ),
  ['https://[fe80::1%eth0]/p', 'IPv6 address is malformed'],
  ['https://u+x@h/p', 'its user may contain only'],
  ['https://h/p#f', 'fragment'],
  ['https://h/p%23f', 'encoded "?" or "#"'],
  ['https://h/p%3Fq', 'encoded "?" or "#"'],
  ['https://h/p?q=1', 'only s3 endpoints may have a query'],
  ['gs://b/p?q=1', 'only s3 endpoints may have a query'],
  ['https://h/../p', '"." or ".." segment'],
  ['https://h/./p', '"." or ".." segment'],
  ['https://h/%2e%2E/p', '"." or ".." segment'],
  ['git+ssh://git@h/./p.git', '"." or ".." segment'],
  ['git@h:../p.git', '"." or ".." segment'],
  ['https://h/a%2Fb', 'encoded "/"'],
  ['https://h/a%5Cb', 'backslash'],
  ['https://h/a%252Fb', 'encoded twice'],
  ['https://h/a%25', 'encoded twice'],
  ['https://h/a%', 'not valid UTF-8'],
  ['https://h/a%ff', 'not valid UTF-8'],
  ['http://h.example/p', 'http is only allowed for this machine'],
  ['http://127.1/p', 'http is only allowed for this machine'],
  ['http://localhost.example/p', 'http is only allowed for this machine'],
  ['file://srv/hub', 'absolute'],
  ['file://./hub', 'absolute'],
  ['file://localhost/hub', 'absolute'],
  ['file:///', 'empty part'],
  ['file:///C$/hub', 'network share'],
  ['file:///%43%24/hub', 'network share'],
  ['dolthub://org', 'no path'],
  ['dolthub://org/repo/more', 'exactly org/repo'],
  ['gs://user@bucket/p', 'must not contain a user'],
  ['gs://bucket:80/p', 'a name, not a network address'],
  ['oci://[::1]/p', 'a name, not a network address'],
  ['aws://table:bucket/p', 'aws://[table:bucket]/path'],
  ['aws://[table:bucket]', 'aws://[table:bucket]/path'],
  ['aws://[-t:bucket]/p', 'read as an option'],
  ['aws://[t:b]/../p', '"." or ".." segment'],
  ['s3://b/p?Endpoint=https://h', 'malformed name'],
  ['s3://b/p?profile=x', 'may only contain endpoint, region, path-style'],
  ['s3://b/p?region=a&region=b', 'a name twice'],
  ['s3://b/p?path-style=yes', 'must be true or false'],
  // Clients make `dynamodb.us` of it.
  ['s3://b/p?region=us/east@x', 'the region in its query is malformed'],
  ['s3://b/p?region=', 'empty part'],
  ['s3://b/p?region=-x', 'read as an option'],
  ['s3://b/p?region=a%0Ab', 'control character'],
  ['s3://b/p?region=a%2541', 'encoded twice'],
  ['s3://b/p?endpoint=h.example', 'must be https://host'],
  ['s3://b/p?endpoint=http://h.example', 'http to another machine'],
  // Injections, some of them measured; the message names the class of each.
  ['ssh://h/a%3Btouch%20x', 'whitespace'],
  ['ssh://h/a%3Btouch', 'a shell on the remote side'],
  ['ssh://h/a;touch', 'a shell on the remote side'],
  ['ssh://h/$(id)', 'a shell on the remote side'],
  ['ssh://h/a%60id%60', 'a shell on the remote side'],
  ['git+ssh://h/a|b', 'a shell on the remote side'],
  ['git@h:a;b', 'ssh does not pass safely'],
  ['git@h:a%3Bb', 'ssh does not pass safely'],
  ['ssh://[::1]/p', 'must not be an IPv6 address'],
  ['ssh://%2DoProxyCommand%3Dx@h/p', 'read as an option'],
  ['ssh://-oProxyCommand=x@h/p', 'read as an option'],
  ['ssh://-oProxyCommand=x/p', 'read as an option'],
  ['-oProxyCommand=x@h:p', 'read as an option'],
  ['git@-oProxyCommand=x:p', 'read as an option'],
  ['git@h:-p', 'read as an option'],
  ['https://h/-p', 'read as an option'],
  ['https://h/a/%2D-force', 'read as an option'],
  ['--upload-pack=x', 'read as an option'],
  ['https://h/a\nb', 'control character'],
  ['https://h/a\n', 'control character'],
  ['https://h/a%0Ab', 'control character'],
  ['https://h/a%250Ab', 'encoded twice'],
  ['https://h/a\u0000b', 'control character'],
  ['https://h/a\u202eb', 'control character'],
  ['https://h/a%E2%80%AEb', 'control character'],
  ['https://h/a b', 'whitespace'],
  [' https://h/a', 'whitespace'],
  ['https://h/a%20b', 'whitespace'],
  ['https://h/a%C2%A0b', 'whitespace'],
];

describe('endpoints that are refused', () => {
  test.each(REFUSED)('%j: %s', async (written, why) => {
    const failure = await refusal(() => parseEndpoint(written, OPTIONS));
    expect(failure.code).toBe('invalid-endpoint');
    expect(failure.message).toContain(why);
    expect(failure.message).toMatch(/^invalid endpoint format "/);
    // The other forms do not help for a known scheme.
    const form = formOf(/^([a-z0-9+]+):\/\//i.exec(written)?.[1] ?? '');
    if (form !== null) expect(failure.hint).toContain(form);
    else expect(failure.hint.split('\n')).toEqual(expect.arrayContaining(ENDPOINT_FORMS.map((each) => `  ${each}`)));
    expect(failure.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('the message is complete', async () => {
    const failure = await refusal(() => parseEndpoint('ftp://h/p', OPTIONS));
    expect(failure.message).toBe('invalid endpoint format "ftp://h/p": "ftp://" is not supported');
  });

  test('the hint for a known scheme names only its form', async () => {
    const failure = await refusal(() => parseEndpoint('git+ssh://h:99999/x', OPTIONS));
    expect(failure.hint).toBe(
      'Correct it: the form is git+ssh://host/path. `dolt-federation help endpoints` lists the other forms.',
    );
  });

  test('a long endpoint is cut in the message', async () => {
    const failure = await refusal(() => parseEndpoint(`ftp://h/${'p'.repeat(5000)}`, OPTIONS));
    expect(failure.message.length).toBeLessThan(700);
  });
});
