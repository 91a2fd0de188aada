import { TOPIC_PAGES } from '../../contract/commands.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import { OPTIONS } from '../../contract/options.ts';
import type { Env } from '../../core/env.ts';

/** A flag in a message, such as `--database`, `--adopt peer=hash` or `--no-init-empty`. */
const FLAG = /`--(no-)?([a-z][a-z0-9-]*)(?:[ =]([^`]*))?`/g;

/** A page of the documentation in a message. */
const TOPIC = /`dolt-federation help ([a-z-]+)`/g;

/** The words of a step: options are inputs, and topics of the help are links to their pages. */
export function rewordForStep(env: Env): (text: string) => string {
  const pages = pagesOf(env);
  return (text) =>
    inputWords(text).replace(TOPIC, (whole, topic: string) => (isTopic(topic) ? pages(TOPIC_PAGES[topic]) : whole));
}

/**
 * The address of the pages: in the repository and at the commit that the workflow names after `uses`. The runner does
 * not name them for an action of the checkout (`uses: ./`).
 */
function pagesOf(env: Env): (page: string) => string {
  const { GITHUB_SERVER_URL: server, GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref } = env;
  if (repository === undefined || ref === undefined) return (page) => `docs/${page} of dolt-federation`;
  return (page) => `${server ?? 'https://github.com'}/${repository}/blob/${ref}/docs/${page}`;
}

function isTopic(text: string): text is keyof typeof TOPIC_PAGES {
  return Object.hasOwn(TOPIC_PAGES, text);
}

/**
 * Messages name options as flags. In a workflow they are inputs: `database`, `adopt: peer=hash`, `init-empty: false`.
 */
function inputWords(text: string): string {
  return text.replace(FLAG, (whole, no: string | undefined, name: string, given: string | undefined) => {
    if (!isInput(name)) return whole;
    const value = no === undefined ? given : 'false';
    return value === undefined ? `\`${name}\`` : `\`${name}: ${value}\``;
  });
}

function isInput(name: string): boolean {
  const options: Readonly<Record<string, OptionEntry>> = OPTIONS;
  return options[name]?.frontends.includes('action') ?? false;
}
