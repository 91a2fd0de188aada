import { describe, expect, test } from '@jest/globals';
import { releasePlatform } from '../../src/install/platform.ts';

describe('the release for a machine', () => {
  test.each([
    ['linux', 'x64', 'dolt-linux-amd64.tar.gz', 'dolt-linux-amd64/bin/dolt'],
    ['linux', 'arm64', 'dolt-linux-arm64.tar.gz', 'dolt-linux-arm64/bin/dolt'],
    ['darwin', 'x64', 'dolt-darwin-amd64.tar.gz', 'dolt-darwin-amd64/bin/dolt'],
    ['darwin', 'arm64', 'dolt-darwin-arm64.tar.gz', 'dolt-darwin-arm64/bin/dolt'],
    ['win32', 'x64', 'dolt-windows-amd64.zip', 'dolt-windows-amd64/bin/dolt.exe'],
    ['win32', 'arm64', 'dolt-windows-amd64.zip', 'dolt-windows-amd64/bin/dolt.exe'],
  ])('%s on %s', (platform, arch, asset, executable) => {
    const release = releasePlatform(platform, arch);
    expect([release.asset, release.executable.join('/')]).toEqual([asset, executable]);
  });

  test('Windows on ARM learns that its Dolt is emulated, and no other platform does', () => {
    expect(releasePlatform('win32', 'arm64').notice).toContain('amd64');
    expect(releasePlatform('win32', 'x64').notice).toBeNull();
    expect(releasePlatform('linux', 'arm64').notice).toBeNull();
  });

  test.each([
    ['freebsd', 'x64'],
    ['linux', 'ia32'],
    ['linux', 'constructor'],
  ])('there is none for %s on %s', (platform, arch) => {
    expect(() => releasePlatform(platform, arch)).toThrow(
      expect.objectContaining({ code: 'dolt-not-found', message: `Dolt has no release for ${platform} on ${arch}` }),
    );
  });
});
