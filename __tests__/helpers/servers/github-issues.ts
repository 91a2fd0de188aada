/** The sender of a request: `app` a job, `user` a person, `read` a token that may only read. */
interface Sender {
  readonly kind: string;
  readonly id: number;
}

interface StubIssueComment {
  readonly id: number;
  body: string;
  readonly user: { readonly id: number; readonly type: string };
  readonly updated_at: string;
}

export interface StubIssue {
  readonly number: number;
  title: string;
  body: string;
  state: string;
  state_reason: string | null;
  labels: { name: string }[];
  readonly user: { readonly id: number; readonly type: string };
  readonly created_at: string;
  readonly comments: StubIssueComment[];
  readonly pull_request?: object;
}

interface Sent {
  readonly title?: string;
  readonly body?: string;
  readonly state?: string;
  readonly state_reason?: string;
  readonly labels?: readonly string[];
}

/** The issues of a repository, as far as the alarm uses them. */
export class StubIssues {
  readonly all: StubIssue[] = [];
  /** Whether the token may set labels; otherwise GitHub drops them silently. */
  setsLabels = true;
  /** The label as the repository has it; GitHub ignores its case. */
  spelled = (name: string): string => name;
  #next = 1_000;

  /** Adds an issue or a pull request of another author. */
  add(over: Partial<StubIssue> = {}): StubIssue {
    const issue: StubIssue = {
      number: this.all.length + 1,
      title: '',
      body: '',
      state: 'open',
      state_reason: null,
      labels: [{ name: 'federation: alarm' }],
      user: { id: 3, type: 'User' },
      created_at: new Date().toISOString().replace(/\.\d+/, ''),
      comments: [],
      ...over,
    };
    this.all.push(issue);
    return issue;
  }

  /** @returns null if the request is about something else */
  answer(method: string, url: URL, sender: Sender, sent: Sent): { status: number; value?: unknown } | null {
    const path = url.pathname.replace(/^.*\/repos\/org\/repo\/issues/, '');
    const user = { id: sender.id, type: sender.kind === 'app' ? 'Bot' : 'User' };
    if (path === '') return method === 'GET' ? this.#list(url) : this.#create(user, sender, sent);
    const [, number, comments] = /^\/(\d+)(\/comments)?$/.exec(path) ?? [];
    const issue = this.all.find((one) => one.number === Number(number));
    if (issue !== undefined && comments !== undefined && method === 'GET') {
      const since = url.searchParams.get('since') ?? '';
      return paged(
        issue.comments.filter(({ updated_at: at }) => at >= since),
        url,
      );
    }
    if (issue !== undefined && sender.kind === 'read') return { status: 403 };
    if (issue !== undefined && comments !== undefined) {
      const { body = '' } = sent;
      if (body.length > 65_536) return { status: 422 };
      const comment = { id: this.#next, body, user, updated_at: new Date().toISOString() };
      this.#next += 1;
      issue.comments.push(comment);
      return { status: 201, value: comment };
    }
    if (issue !== undefined && method === 'PATCH') return { status: 200, value: Object.assign(issue, sent) };
    const id = Number(/^\/comments\/(\d+)$/.exec(path)?.[1]);
    const owner = this.all.find((one) => one.comments.some((comment) => comment.id === id));
    if (owner === undefined || method !== 'DELETE') return null;
    owner.comments.splice(
      owner.comments.findIndex((comment) => comment.id === id),
      1,
    );
    return { status: 204 };
  }

  #list(url: URL) {
    const { state, labels } = Object.fromEntries(url.searchParams);
    const found = this.all.filter(
      (issue) => issue.state === state && issue.labels.some(({ name }) => name.toLowerCase() === labels),
    );
    // The newest first, as GitHub lists them.
    return paged(found.toReversed(), url);
  }

  #create(user: StubIssue['user'], sender: Sender, { title = '', body = '', labels = [] }: Sent) {
    if (sender.kind === 'read') return { status: 403 };
    if (title.length > 256 || body.length > 65_536) return { status: 422 };
    const kept = this.setsLabels ? labels.map((name) => ({ name: this.spelled(name) })) : [];
    return { status: 201, value: this.add({ title, body, labels: kept, user }) };
  }
}

function paged<T>(all: readonly T[], { searchParams }: URL): { status: number; value: readonly T[] } {
  const [size, page] = [Number(searchParams.get('per_page')), Number(searchParams.get('page'))];
  return { status: 200, value: all.slice((page - 1) * size, page * size) };
}
