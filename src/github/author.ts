import { z } from 'zod';
import { type Answer, call, type Repository } from './client.ts';

/** Who wrote an issue or a comment. */
export const authorSchema = z.looseObject({ id: z.int(), type: z.string().optional() }).nullish();
export type Author = z.infer<typeof authorSchema>;

const userSchema = z.looseObject({ id: z.int() });

/**
 * Whether the token itself has written something. Anyone can write our marker, and a token that may write issues
 * could change the texts of anyone. The token of a job has no user: its texts are those of a bot, which only an app that
 * is installed in the repository can be.
 */
export async function isOwn(repository: Repository): Promise<Answer<(author: Author) => boolean>> {
  const user = await call(repository, { method: 'GET', path: '/user', ofServer: true, schema: userSchema });
  switch (user.kind) {
    case 'ok':
      return { kind: 'ok', value: (author) => author?.id === user.value.id };
    case 'refused':
      return { kind: 'ok', value: (author) => author?.type === 'Bot' };
    case 'missing':
    case 'failed':
      return user;
  }
}
