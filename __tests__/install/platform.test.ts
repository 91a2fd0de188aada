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
  ])('is chosen for %s on %s', (platform, arch, asset, executable) => {
    const release = releasePlatform(platform, arch);
    expect([release.asset, release.executable.join('/')]).toEqual([asset, executable]);
  });

  test('is emulated on Windows on ARM, and a notice says so only there', () => {
    expect(releasePlatform('win32', 'arm64').notice).toContain('amd64');
    expect(releasePlatform('win32', 'x64').notice).toBeNull();
    expect(releasePlatform('linux', 'arm64').notice).toBeNull();
  });

  test.each([
    ['freebsd', 'x64'],
    ['linux', 'ia32'],
    ['linux', 'constructor'],
  ])('does not exist for %s on %s', (platform, arch) => {
    expect(() => releasePlatform(platform, arch)).toThrow(
      expect.objectContaining({ code: 'dolt-not-found', message: `Dolt has no release for ${platform} on ${arch}` }),
    );
  });
});
