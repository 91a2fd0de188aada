import { z } from 'zod';
import { webhookSchema } from '../../src/report/alarm/webhook-message.ts';

/** docs/webhook.schema.json: the body of a message to `webhook-url`. */
export function webhookSchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(webhookSchema);
  const title = 'What dolt-federation sends to the address in webhook-url';
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
