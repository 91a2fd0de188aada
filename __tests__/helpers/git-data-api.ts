import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { z } from 'zod';
import { readEnv } from '../../src/core/env.ts';
import { listen } from './servers/listen.ts';

const requestSchema = z.looseObject({
  content: z.string().optional(),
  base_tree: z.string().optional(),
  tree: z
    .union([z.string(), z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() }))])
    .optional(),
  message: z.string().optional(),
  parents: z.array(z.string()).optional(),
  sha: z.string().optional(),
  force: z.boolean().optional(),
});

/** The git data of GitHub's API, served from a real repository: objects, and branches that only move forward. */
export interface GitDataApi extends AsyncDisposable {
  readonly url: string;
  /** `METHOD path` of every request, below the git data of `org/x`. */
  readonly requests: string[];
}

export async function startGitDataApi(repository: string): Promise<GitDataApi> {
  const requests: string[] = [];
  const git = async (args: readonly string[], input: string | Uint8Array = '') => {
    const who = {
      GIT_AUTHOR_NAME: 'bot',
      GIT_AUTHOR_EMAIL: 'b@x.org',
      GIT_COMMITTER_NAME: 'bot',
      GIT_COMMITTER_EMAIL: 'b@x.org',
    };
    const env = { PATH: readEnv()['PATH'] ?? '', ...who };
    return (await execa('git', [...args], { cwd: repository, env, extendEnv: false, input })).stdout;
  };
  /** The entries of a tree, with some of them replaced by name. */
  const merged = async (base: string | undefined, entries: readonly string[]) => {
    const kept = base === undefined ? [] : (await git(['ls-tree', base])).split('\n');
    const names = new Set(entries.map((entry) => entry.split('\t')[1]));
    return [...kept.filter((line) => !names.has(line.split('\t')[1])), ...entries].join('\n');
  };

  const answer = async (method: string, path: string, body: string): Promise<{ status: number; value: unknown }> => {
    const {
      content = '',
      base_tree,
      tree,
      message = '',
      parents = [],
      sha = '',
      force,
    } = requestSchema.parse(JSON.parse(body || '{}'));
    const ref = /^refs\/heads\/(.+)$/.exec(path);
    if (method === 'GET' && path.startsWith('commits/')) {
      return {
        status: 200,
        value: { tree: { sha: await git(['rev-parse', `${path.slice('commits/'.length)}^{tree}`]) } },
      };
    }
    if (method === 'PATCH' && ref !== null) {
      const branch = `refs/heads/${ref[1]}`;
      const forward =
        force === false && (await git(['merge-base', branch, sha])) === (await git(['rev-parse', branch]));
      if (!forward) return { status: 422, value: { message: 'Update is not a fast forward' } };
      await git(['update-ref', branch, sha]);
      return { status: 200, value: { object: { sha } } };
    }
    if (method !== 'POST') return { status: 404, value: {} };
    if (path === 'blobs') {
      return {
        status: 201,
        value: { sha: await git(['hash-object', '-w', '--stdin'], Buffer.from(content, 'base64')) },
      };
    }
    if (path === 'trees' && Array.isArray(tree)) {
      const entries = tree.map((entry) => `${entry.mode} ${entry.type} ${entry.sha}\t${entry.path}`);
      return { status: 201, value: { sha: await git(['mktree'], await merged(base_tree, entries)) } };
    }
    if (path === 'commits' && typeof tree === 'string') {
      const onto = parents.flatMap((parent) => ['-p', parent]);
      return { status: 201, value: { sha: await git(['commit-tree', tree, ...onto, '-F', '-'], message) } };
    }
    return { status: 404, value: {} };
  };

  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    const path = url.replace('/repos/org/x/git/', '');
    requests.push(`${method} ${path}`);
    const allowed = request.headers.authorization === 'Bearer secret-token';
    void (async () => {
      const body = await text(request);
      const { status, value } = allowed ? await answer(method, path, body) : { status: 403, value: {} };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    })().catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  });
  const listening = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, requests };
}
