import type { Command } from 'commander';
import { TOPIC_PAGES, type TopicName } from '../../contract/commands.ts';
import { TOPICS } from './topics.generated.ts';
import { unknownCommand } from './usage-failure.ts';

export const TOPIC_NAMES = Object.keys(TOPIC_PAGES) as TopicName[];

/**
 * The help for the words after `help`: of a command, of a member of a group (`config get`), or of a topic.
 * @throws Failure `bad-usage` for an unknown word
 */
export function helpFor(root: Command, words: readonly string[]): string {
  const topic = topicOf(words);
  if (topic !== null) return TOPICS[topic];
  let command = root;
  for (const word of words) {
    const member = command.commands.find((each) => each.name() === word);
    if (member === undefined) throw unknownCommand(word, command, command === root ? TOPIC_NAMES : []);
    command = member;
  }
  return command.helpInformation();
}

/** `exit codes` and `exit-codes` are the same. */
function topicOf(words: readonly string[]): TopicName | null {
  const wanted = words.join('-').toLowerCase();
  return TOPIC_NAMES.find((name) => name === wanted) ?? null;
}
