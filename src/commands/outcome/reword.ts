/** Properties of outcomes with sentences of ours. */
const SENTENCES: ReadonlySet<string> = new Set(['message', 'hint', 'cure', 'verdict']);
/** Properties with data of the user. */
const DATA: ReadonlySet<string> = new Set(['conflicts', 'held', 'key', 'base', 'ours', 'theirs']);

/** The outcome of a command with its messages and hints in the words of the frontend. */
export function reworded<T>(value: T, words: (text: string) => string): T;
export function reworded(value: unknown, words: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => reworded(one, words));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (DATA.has(name)) return [name, one];
      return [name, typeof one === 'string' && SENTENCES.has(name) ? words(one) : reworded(one, words)];
    }),
  );
}
