import { describe, expect, test } from '@jest/globals';
import { credentialsFile } from '../../src/beads/bd-files.ts';
import { localFolder } from '../../src/config/endpoint/parse.ts';
import { suggestEndpoint } from '../../src/config/endpoint/suggest.ts';
import { userConfigFile } from '../../src/config/user-files.ts';
import { nullDevice, programFile, searchPath, windowsProgram } from '../../src/core/env.ts';
import { Failure } from '../../src/core/failure.ts';
import { programOnWindows } from '../../src/dolt/process.ts';
import { endTreeOnWindows } from '../../src/dolt/server/processes.ts';
import { cliPaths } from '../../src/frontends/cli/paths.ts';

/** Decisions for each system, made on any system. */
describe('the programs', () => {
  test.each([
    ['dolt', 'linux', 'dolt'],
    ['dolt', 'darwin', 'dolt'],
    ['dolt', 'win32', 'dolt.exe'],
    ['Dolt.EXE', 'win32', 'Dolt.EXE'],
    ['dolt.cmd', 'win32', 'dolt.cmd.exe'],
  ])('%s on %s is the file %s', (name, platform, file) => {
    expect(programFile(name, platform)).toBe(file);
  });

  test.each([
    ['linux', { PATH: '/a::.:bin:/b c' }, ['/a', '/b c']],
    ['darwin', { PATH: '/opt/homebrew/bin:~/bin' }, ['/opt/homebrew/bin']],
    ['linux', { Path: '/c' }, []],
    ['linux', {}, []],
    ['win32', { Path: 'C:\\a;D:/b c;bin;.;;\\rooted;C:relative' }, ['C:\\a', 'D:/b c']],
    ['win32', { PATH: '"C:\\Program Files\\Git; x" ;\\\\server\\share\\bin' }, ['\\\\server\\share\\bin']],
    ['win32', { path: '"C:\\Program Files\\Git\\cmd"; C:\\b ' }, ['C:\\Program Files\\Git\\cmd', 'C:\\b']],
    ['win32', {}, []],
  ])('on %s are searched only in absolute folders of PATH: %j', (platform, env, folders) => {
    expect(searchPath(env, platform)).toEqual(folders);
  });

  test('of Windows have an absolute path, which no checkout can replace', () => {
    expect(endTreeOnWindows(7, { SystemRoot: 'D:\\Windows' })).toEqual({
      program: 'D:\\Windows\\System32\\taskkill.exe',
      args: ['/T', '/F', '/PID', '7'],
    });
    expect(windowsProgram({ SYSTEMROOT: 'E:\\W' }, 'cmd.exe')).toBe('E:\\W\\System32\\cmd.exe');
    expect(windowsProgram({}, 'x', 'y.exe')).toBe('C:\\Windows\\System32\\x\\y.exe');
  });

  test('with a bare name come from PATH on Windows, never from the working directory', () => {
    const env = { Path: '.;C:\\a;C:\\b' };
    const there = new Set(['git.exe', 'C:\\b\\git.exe', 'C:\\a\\git.cmd']);
    const exists = (file: string) => there.has(file);
    expect(programOnWindows('git', env, exists)).toBe('C:\\b\\git.exe');
    expect(programOnWindows('C:\\own\\dolt.exe', env, exists)).toBe('C:\\own\\dolt.exe');
    expect(() => programOnWindows('ssh', env, exists)).toThrow(
      new Failure('unknown', 'ssh could not be run: no folder of PATH has it'),
    );
  });
});

describe('the folder of a file endpoint', () => {
  test.each([
    ['linux', ['srv', 'box'], '/srv/box'],
    ['darwin', ['Volumes', 'box'], '/Volumes/box'],
    ['linux', ['C:', 'box'], '/C:/box'],
    ['win32', ['C:', 'box', 'a'], 'C:\\box\\a'],
    ['win32', ['d:', 'box'], 'd:\\box'],
  ])('on %s is read from %j', (platform, segments, folder) => {
    expect(localFolder('written', segments, platform)).toBe(folder);
  });

  test.each([
    [['srv', 'box'], 'on Windows a path begins with a drive, as in file:///C:/path'],
    [['C:box'], 'begins with a drive'],
    [['CD:', 'box'], 'begins with a drive'],
    [['C:', 'box:stream'], 'contains ":"'],
  ])('is refused on Windows: %j', (segments, why) => {
    expect(() => localFolder('written', segments, 'win32')).toThrow(
      expect.objectContaining({ code: 'invalid-endpoint', message: expect.stringContaining(why) }),
    );
  });

  test.each([
    ['C:\\hub', 'file:///C:/hub'],
    ['C:\\my teams\\hub', null],
    ['d:/hub/', 'file:///d:/hub'],
    ['file://C:/hub', 'file:///C:/hub'],
    ['file:C:\\hub\\north', 'file:///C:/hub/north'],
    ['file:///C:\\hub', 'file:///C:/hub'],
    ['\\\\server\\share', null],
  ])('is suggested for %s', (written, meant) => {
    const base = { cwd: '/w', home: '/home/ann' };
    expect(suggestEndpoint(written, base, { dolthubHost: 'h', allowInsecure: false })).toBe(meant);
  });
});

describe('the folders of the user', () => {
  test.each([
    ['the home folder on Unix', { HOME: '/home/ann' }, '/home/ann/.config/bd/config.yaml'],
    ['the profile on Windows', { USERPROFILE: '/Users/ann' }, '/Users/ann/.config/bd/config.yaml'],
    ['HOME before the profile', { HOME: '/h', USERPROFILE: '/p' }, '/h/.config/bd/config.yaml'],
    ['XDG before both', { HOME: '/h', XDG_CONFIG_HOME: '/xdg' }, '/xdg/bd/config.yaml'],
    ['nothing', {}, null],
  ])('contain the configuration below %s', (_, env, file) => {
    expect(userConfigFile(env)).toBe(file);
  });

  test.each([
    [{ home: '/home/ann' }, '/home/ann/.cache/dolt-federation', '/home/ann/.local/state/dolt-federation'],
    [{ home: '/h', XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' }, '/c/dolt-federation', '/s/dolt-federation'],
  ])('contain caches and state files: %j', ({ home, ...env }, cache, state) => {
    const paths = cliPaths({ env, cwd: '/w', home });
    expect([paths.tempDir, paths.toolCacheDir, paths.stateDir]).toEqual([`${cache}/tmp`, `${cache}/tools`, state]);
  });

  test('contain the passwords of bd below APPDATA on Windows', () => {
    expect(credentialsFile({ HOME: '/h', APPDATA: 'C:\\Users\\ann\\AppData' }, 'linux')).toBe(
      '/h/.config/beads/credentials',
    );
    expect(credentialsFile({ APPDATA: 'C:\\Users\\ann\\AppData' }, 'win32')).toBe(
      'C:\\Users\\ann\\AppData\\beads\\credentials',
    );
  });

  test('the null device has another name on Windows', () => {
    expect([nullDevice('linux'), nullDevice('darwin'), nullDevice('win32')]).toEqual(['/dev/null', '/dev/null', 'NUL']);
  });
});
