import { expect, test } from '@jest/globals';
import { isLocalAddress, isPublicAddress, openDirectly } from '../../src/egress/dial.ts';
import { permissionFor, remoteOnly } from '../../src/egress/host-rule.ts';
import { tryConnection } from '../../src/egress/try-connection.ts';
import { startCountingServer } from '../helpers/servers/counting-server.ts';

test.each([
  ['1.1.1.1', true],
  ['140.82.121.4', true],
  ['::ffff:1.1.1.1', true],
  ['2606:4700:4700::1111', true],
  ['64:ff9b::101:101', true],
  ['127.0.0.1', false],
  ['127.255.255.254', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['100.64.0.1', false],
  ['100.100.100.200', false],
  ['169.254.169.254', false],
  ['168.63.129.16', false],
  ['192.0.0.192', false],
  ['192.0.2.1', false],
  ['198.18.0.1', false],
  ['224.0.0.1', false],
  ['240.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:a9fe:a9fe', false],
  ['::ffff:10.1.2.3', false],
  ['::127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['64:ff9b::a9fe:a9fe', false],
  ['64:ff9b:1::101:101', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['fc00::1', false],
  ['fd00:ec2::254', false],
  ['fec0::1', false],
  ['ff02::1', false],
  ['2001:db8::1', false],
  ['2002:7f00:1::', false],
  ['2001::1', false],
  ['100::1', false],
  ['4000::1', false],
  ['localhost', false],
  ['', false],
])('address %s is public: %s', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});

test.each([
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['0.0.0.0', true],
  ['0.1.2.3', true],
  ['169.254.169.254', true],
  ['168.63.129.16', true],
  ['224.0.0.1', true],
  ['255.255.255.255', true],
  ['::', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:a9fe:a9fe', true],
  ['::127.0.0.1', true],
  ['64:ff9b::7f00:1', true],
  ['64:ff9b::a9fe:a9fe', true],
  ['64:ff9b:1::101:101', true],
  ['fe80::1', true],
  ['fe80::1%eth0', true],
  ['fd00:ec2::254', true],
  ['fec0::1', true],
  ['ff02::1', true],
  ['2002:7f00:1::', true],
  ['4000::1', true],
  ['localhost', true],
  ['', true],
  ['1.1.1.1', false],
  ['10.0.0.1', false],
  ['172.16.0.1', false],
  ['100.64.0.1', false],
  ['192.0.2.1', false],
  ['fd00::2', false],
  ['2001:db8::1', false],
  ['2606:4700:4700::1111', false],
  ['64:ff9b::101:101', false],
  ['::ffff:10.1.2.3', false],
])('address %s is local: %s', (address, expected) => {
  expect(isLocalAddress(address)).toBe(expected);
});

test.each(['localhost', '127.0.0.1'])(
  'a host name of this machine gets no connection if private addresses are not allowed: %s',
  async (host) => {
    await using server = await startCountingServer('127.0.0.1');
    const { port } = server;
    const rule = { host, port, plain: true, named: true };
    const [free, bound] = [permissionFor({ host, port }, [rule]), permissionFor({ host, port }, remoteOnly([rule]))];
    if (free === null || bound === null) throw new Error('not named');
    await expect((async () => await openDirectly({ host, port }, bound))()).rejects.toMatchObject({
      problem: { kind: 'address' },
    });
    const trying = { env: {}, milliseconds: 1_000, signal: new AbortController().signal };
    await tryConnection({ host, port, tls: false, throughProxy: true, remoteOnly: true }, trying);
    expect(server.connections()).toBe(0);
    (await openDirectly({ host, port }, free)).destroy();
  },
);
