import { readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { BUILDABLE, buildDolt } from '../../src/install/build.ts';
import { fakeGo, makesDolt } from '../helpers/fake-go.ts';
import { machine, program } from '../helpers/installing.ts';
import { failureOf } from '../helpers/thrown.ts';

const WANTED = { kind: 'exact', version: '2.3.0' } as const;

describe('a build from source', () => {
  test('runs go install once and stores its result', async () => {
    await using box = await machine();
    await fakeGo(box.bin);
    const built = await buildDolt(WANTED, box.context);
    expect(built).toEqual({
      version: '2.3.0',
      path: box.folder.file('tools', 'dolt', '2.3.0', process.arch, 'dolt'),
      source: 'build',
    });
    const what = `github.com/dolthub/dolt/go/cmd/dolt@${BUILDABLE['2.3.0']}`;
    expect((await readFile(`${box.bin}/go.calls`, 'utf8')).split('\n')).toContain(
      `install -v -tags gms_pure_go -modcacherw ${what}`,
    );
    expect(box.lines[0]).toMatch(/^info: Building Dolt 2\.3\.0 from source .*this takes some minutes$/);
    expect(await readdir(box.context.tempDir)).toEqual([]);
  });

  test('passes its own settings and network access to Go, and no variable of the job', async () => {
    await using box = await machine({
      GOPROXY: 'https://p.test',
      HTTPS_PROXY: 'http://q.test',
      GOFLAGS: '-x',
      GITHUB_TOKEN: 's',
      INPUT_X: 's',
    });
    await fakeGo(box.bin);
    await buildDolt(WANTED, box.context);
    const env = await readFile(`${box.bin}/go.env`, 'utf8');
    expect(env).toContain('GOPROXY=https://p.test\n');
    expect(env).toContain('HTTPS_PROXY=http://q.test\n');
    expect(env).toContain('GOFLAGS=-x\n');
    expect(env).toContain('CGO_ENABLED=1\n');
    expect(env).toMatch(/HOME=.*\/tmp\/df-install-\w+\/home\n/);
    expect(env).not.toMatch(/GITHUB|INPUT/);
  });

  test("uses the user's home as the home of Go", async () => {
    await using box = await machine({ HOME: '/home/me' });
    await fakeGo(box.bin);
    await buildDolt(WANTED, box.context);
    expect(await readFile(`${box.bin}/go.env`, 'utf8')).toContain('HOME=/home/me\n');
  });

  test('shows progress', async () => {
    await using box = await machine();
    // Ends after a heartbeat counted its output.
    const wait = ['while [ ! -e seen ]; do sleep 0.05; done'];
    const said = [
      'echo "go: downloading example.test/a v1.0.0" >&2',
      'echo example.test/a/b >&2',
      'echo runtime/cgo >&2',
    ];
    await fakeGo(box.bin, { install: ['cd "$GOBIN/.."', ...said, ...wait, ...makesDolt('2.3.0')] });
    const log = {
      ...box.context.log,
      info: (text: string) => {
        box.lines.push(text);
        if (text.includes('1 modules downloaded, 2 packages compiled')) void release(box.context.tempDir);
      },
    };
    await buildDolt(WANTED, { ...box.context, log }, { heartbeatMs: 20 });
    expect(box.lines.some((line) => /^Building Dolt 2\.3\.0: \d+ s, 1 modules/.test(line))).toBe(true);
  });

  test('takes the newest version of a range that can be built, and refuses other ranges', async () => {
    await using box = await machine();
    await fakeGo(box.bin);
    expect((await buildDolt({ kind: 'range', range: '^2.0.0' }, box.context)).version).toBe('2.3.0');
    const failure = await failureOf(buildDolt({ kind: 'exact', version: '1.0.0' }, box.context));
    expect(failure).toMatchObject({ code: 'dolt-version-unknown', hint: expect.stringContaining('2.3.0') });
  });
});

describe('a failed build', () => {
  test('reports the end of the log without the progress, and leaves no files', async () => {
    await using box = await machine();
    const noise = 'for i in 1 2 3 4 5 6 7 8 9; do echo "go: downloading m$i v1" >&2; echo "line $i 1 2 3" >&2; done';
    await fakeGo(box.bin, {
      install: [noise, noise, noise, 'echo "cgo: C compiler \\"gcc\\" not found" >&2', 'exit 2'],
    });
    const failure = await failureOf(buildDolt(WANTED, box.context));
    expect(failure.code).toBe('dolt-build-failed');
    const [first, ...tail] = failure.message.split('\n');
    expect(first).toBe('go install ended with exit code 2:');
    expect(tail).toHaveLength(20);
    expect(tail.at(-1)).toBe('cgo: C compiler "gcc" not found');
    expect(await readdir(box.context.tempDir)).toEqual([]);
    expect(await readdir(box.folder.path)).not.toContain('tools');
  });

  test('is reported if it gives another version', async () => {
    await using box = await machine();
    await fakeGo(box.bin, { install: makesDolt('2.2.0') });
    const failure = await failureOf(buildDolt(WANTED, box.context));
    expect(failure).toMatchObject({ code: 'dolt-build-failed', message: expect.stringContaining('reports 2.2.0') });
  });

  test('ends on an interruption', async () => {
    await using box = await machine();
    await fakeGo(box.bin, { install: ['echo example.test/a >&2', 'exec sleep 600'] });
    const log = { ...box.context.log, info: (text: string) => void (text.includes(' 1 packages') && box.interrupt()) };
    const failure = await failureOf(buildDolt(WANTED, { ...box.context, log }, { heartbeatMs: 20 }));
    expect(failure.code).toBe('interrupted');
  });
});

describe('the installed Go', () => {
  test.each([
    ['go1.25.3', 'local', 'is too old ("go version go1.25.3 linux/amd64", Go 1.26 is needed)'],
    ['go1.20.1', 'auto', 'is too old'],
    ['nonsense', 'auto', 'does not print the version of a Go'],
  ])('is too old: %s with toolchain %s', async (version, toolchain, reason) => {
    await using box = await machine();
    await fakeGo(box.bin, { version, toolchain });
    const failure = await failureOf(buildDolt(WANTED, box.context));
    expect(failure).toMatchObject({ code: 'dolt-not-found', message: expect.stringContaining(reason) });
    expect(failure.hint).toContain('Install Go 1.26');
  });

  test.each([
    ['go1.26', 'local'],
    ['go1.30.1', 'local'],
    ['go1.24.1', 'auto'],
    ['go1.22.0', 'go1.22.0+auto'],
  ])('is accepted: %s with toolchain %s', async (version, toolchain) => {
    await using box = await machine();
    await fakeGo(box.bin, { version, toolchain });
    expect((await buildDolt(WANTED, box.context)).source).toBe('build');
  });

  test('is reported as missing', async () => {
    await using box = await machine();
    await program(`${box.bin}/gofmt`);
    const failure = await failureOf(buildDolt(WANTED, box.context));
    expect(failure).toMatchObject({
      code: 'dolt-not-found',
      message: expect.stringContaining('no Go was found on PATH'),
    });
  });
});

/** Informs the program that its progress was read. */
async function release(tempDir: string): Promise<void> {
  for (const folder of await readdir(tempDir)) await writeFile(`${tempDir}/${folder}/seen`, '');
}
