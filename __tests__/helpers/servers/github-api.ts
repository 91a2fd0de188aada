import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Repository } from '../../../src/github/client.ts';
import { StubIssues } from './github-issues.ts';
import { listen } from './listen.ts';

export interface StubComment {
  readonly id: number;
  body: string;
  readonly user: { readonly id: number; readonly type?: 'User' | 'Bot' };
}

interface Fault {
  readonly method: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GitHub's API as far as comments and files of a repository go. */
export interface StubApi extends AsyncDisposable {
  readonly url: string;
  readonly comments: StubComment[];
  /** Names of the labels of the pull request. */
  readonly labels: Set<string>;
  /** Files by `path@ref`; those of the default branch by `path@default`. `link: PATH` is a link to a folder. */
  readonly files: Map<string, string>;
  /** The open pull requests. */
  readonly pulls: { readonly head: string; readonly base: string; readonly title: string }[];
  readonly issues: StubIssues;
  /** `METHOD path` of every request. */
  readonly requests: string[];
  /** Answers of the next requests of a method. */
  fail(fault: Fault): void;
}

/** The token `user-N` is of a user, `app-N` of a job, and `read-N` may only read. */
const userOf = ({ headers }: IncomingMessage): { kind: string; id: number } => {
  const [, kind = '', id = ''] = /(\w+)-(\d+)$/.exec(headers.authorization ?? '') ?? [];
  return { kind, id: Number(id) };
};

/** The answer to a comparison of two commits, and the parents of the commit that is checked out. */
export interface StubHistory {
  /** The head of the pull request, and how many of its commits the checkout lacks; absent: none. */
  readonly lacking?: readonly [head: string, commits: number];
  readonly behind_by?: number;
  readonly ahead_by?: number;
  /** Other answers, by the two commits: `from...to`. */
  readonly between?: Readonly<Record<string, { readonly behind_by?: number; readonly ahead_by?: number }>>;
  readonly merge_base_commit: { readonly sha: string };
  readonly parents?: readonly string[];
}

/** The entries of a folder at a commit, as GitHub lists them. */
function entriesOf(files: ReadonlyMap<string, string>, folder: string, ref: string) {
  const below = [...files.keys()].flatMap((key) =>
    key.startsWith(`${folder}/`) && key.endsWith(`@${ref}`) ? [key.slice(folder.length + 1, -ref.length - 1)] : [],
  );
  const names = new Map(below.map((path) => [path.split('/')[0] ?? '', path.includes('/') ? 'dir' : 'file']));
  return [...names].map(([name, type]) => ({ name, type, path: `${folder}/${name}` }));
}

/** Holds requests that `isHeld` names until two of them have arrived. */
export function holdUntilTwo(isHeld: (line: string) => boolean): (line: string) => Promise<void> {
  let waiting: (() => void)[] = [];
  return async (line) => {
    if (!isHeld(line) || waiting.length === 2) return;
    await new Promise<void>((resolve) => {
      waiting = [...waiting, resolve];
      if (waiting.length === 2) for (const go of waiting) go();
    });
  };
}

/** The repository of a job at a stub of the API. */
export function repositoryAt(
  api: string,
  { token = 'app-1', signal = new AbortController().signal }: Partial<Pick<Repository, 'token' | 'signal'>> = {},
): Repository {
  return { api, name: 'org/repo', token, env: {}, signal };
}

/** @param before awaited before each request is answered, to synchronize two clients */
export async function startGithubApi(
  before?: (request: string) => Promise<void>,
  history: StubHistory | null = null,
): Promise<StubApi> {
  const comments: StubComment[] = [];
  const files = new Map<string, string>();
  const labels = new Set<string>();
  const pulls: StubApi['pulls'][number][] = [];
  const issues = new StubIssues();
  const requests: string[] = [];
  const faults: Fault[] = [];
  let next = 100;
  const answer = async (request: IncomingMessage): Promise<{ status: number; value?: unknown }> => {
    const { method = '', url = '' } = request;
    const { kind, id: user } = userOf(request);
    // An Enterprise server has its API below a path.
    const { pathname, searchParams } = new URL(url.replace(/^\/api\/v3/, ''), 'http://stub');
    const sent = await text(request);
    if (pathname === '/repos/org/repo/pulls') {
      const url = (index: number) => ({ html_url: `https://git.example/org/repo/pull/${index + 1}` });
      if (method === 'POST') {
        if (kind === 'read') return { status: 403 };
        return { status: 201, value: url(pulls.push(JSON.parse(sent) as StubApi['pulls'][number]) - 1) };
      }
      const isWanted = ({ head, base }: StubApi['pulls'][number]) =>
        `org:${head}` === searchParams.get('head') && base === searchParams.get('base');
      return { status: 200, value: pulls.flatMap((one, index) => (isWanted(one) ? [url(index)] : [])) };
    }
    if (/\/repos\/org\/repo\/issues(?:\/|$)/.test(pathname)) {
      const parsed: Parameters<StubIssues['answer']>[3] = sent === '' ? {} : JSON.parse(sent);
      const answered = issues.answer(method, new URL(url, 'http://stub'), { kind, id: user }, parsed);
      if (answered !== null) return answered;
    }
    const { body = '', labels: given = [] }: { body?: string; labels?: string[] } = sent === '' ? {} : JSON.parse(sent);
    const one = /\/issues\/comments\/(\d+)$/.exec(pathname)?.[1];
    if (one !== undefined) {
      const index = comments.findIndex(({ id }) => id === Number(one));
      const comment = comments[index];
      if (comment === undefined) return { status: 404 };
      // A user who may write issues may change the comments of others.
      if (kind === 'read') return { status: 403 };
      if (method === 'DELETE') {
        comments.splice(index, 1);
        return { status: 204 };
      }
      comment.body = body;
      return { status: 200, value: comment };
    }
    const file = /\/contents\/(.+)$/.exec(pathname)?.[1];
    if (file !== undefined) {
      const [path, ref] = [decodeURIComponent(file), searchParams.get('ref') ?? 'default'];
      const found = files.get(`${path}@${ref}`);
      if (found === undefined) {
        const entries = entriesOf(files, path, ref);
        return entries.length === 0 ? { status: 404 } : { status: 200, value: entries };
      }
      const [, target] = /^link: (.+)$/.exec(found) ?? [];
      if (target !== undefined) return { status: 200, value: { type: 'symlink', target, size: target.length } };
      const content = Buffer.from(found).toString('base64').replace(/.{60}/g, '$&\n');
      return { status: 200, value: { type: 'file', encoding: 'base64', size: found.length, content } };
    }
    if (pathname === '/user') return kind === 'user' ? { status: 200, value: { id: user } } : { status: 403 };
    if (pathname.includes('/compare/')) {
      if (history === null) return { status: 404 };
      const [head, commits] = history.lacking ?? ['', 0];
      const isOfHead = head !== '' && pathname.includes(`/compare/${head}...`);
      const between = history.between?.[pathname.split('/compare/')[1] ?? ''];
      const value = { behind_by: 0, ahead_by: 0, ...history, ...(isOfHead ? { behind_by: commits } : {}), ...between };
      return { status: 200, value };
    }
    if (pathname.includes('/git/commits/'))
      return { status: 200, value: { parents: (history?.parents ?? []).map((sha) => ({ sha })) } };
    const label = /\/issues\/7\/labels(?:\/(.+))?$/.exec(pathname);
    if (label !== null) {
      if (method !== 'GET' && kind === 'read') return { status: 403 };
      if (method === 'DELETE' && !labels.delete(decodeURIComponent(label[1] ?? ''))) return { status: 404 };
      for (const name of given) labels.add(name);
      return { status: 200, value: [...labels].map((name) => ({ name })) };
    }
    if (!pathname.endsWith('/issues/7/comments')) return { status: 404 };
    if (method === 'POST') {
      if (kind === 'read') return { status: 403 };
      if (body.length > 65_536) return { status: 422 };
      const comment = { id: next, body, user: { id: user, type: kind === 'app' ? 'Bot' : 'User' } as const };
      next += 1;
      comments.push(comment);
      return { status: 201, value: comment };
    }
    const [size, page] = [Number(searchParams.get('per_page')), Number(searchParams.get('page'))];
    return { status: 200, value: comments.slice((page - 1) * size, page * size) };
  };
  const server = createServer((request, response) => {
    const line = `${request.method} ${new URL(request.url ?? '', 'http://stub').pathname}`;
    requests.push(line);
    const fault = faults.findIndex(({ method }) => method === request.method);
    const [failing] = fault === -1 ? [] : faults.splice(fault, 1);
    if (failing !== undefined) {
      request.resume();
      response.writeHead(failing.status, failing.headers).end('{}');
      return;
    }
    void (async () => {
      await before?.(line);
      const { status, value } = await answer(request);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    })().catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  });
  const listening = await listen(server);
  return {
    ...listening,
    url: `http://127.0.0.1:${listening.port}`,
    comments,
    labels,
    files,
    pulls,
    issues,
    requests,
    fail: (fault) => void faults.push(fault),
  };
}
