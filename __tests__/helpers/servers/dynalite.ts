import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startServerProcess } from './server-process.ts';

/** A DynamoDB server with one table, whose hash key is the string `db`, as Dolt wants it. It checks no signature. */
export interface Dynalite extends AsyncDisposable {
  readonly endpoint: string;
  readonly table: string;
  log(): string;
}

export async function startDynalite(folder: string): Promise<Dynalite> {
  const program = createRequire(join(process.cwd(), 'package.json')).resolve('dynalite/cli.js');
  const server = await startServerProcess({
    command: process.execPath,
    ports: ['http'],
    args: ({ http }) => [program, '--host', '127.0.0.1', '--port', `${http}`, '--createTableMs', '0'],
    cwd: folder,
  });
  const endpoint = `http://127.0.0.1:${server.port.http}`;
  const table = 'a-table';
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.CreateTable',
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'db', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'db', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  });
  if (!answer.ok) {
    await server[Symbol.asyncDispose]();
    throw new Error(`dynalite made no table: ${await answer.text()}`);
  }
  return { ...server, endpoint, table };
}
