/** dynalite on a port of 127.0.0.1, and a proxy before it that spoils chosen requests. Both speak to the real SDK. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

export interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<Endpoint> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** In a process of its own: it cannot be loaded where the prototypes are frozen, and it has the other processor. */
export async function startDynalite(): Promise<Endpoint> {
  const program = `
    const server = require('dynalite')({ createTableMs: 0, deleteTableMs: 0 });
    server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
    process.stdin.resume().on('close', () => process.exit());`;
  const cwd = join(import.meta.dirname, '../..');
  const child = spawn(process.execPath, ['-e', program], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [port] = await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error('ended')))]);
  return {
    url: `http://127.0.0.1:${port}`,
    // It also ends by itself when this process does.
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The SDK's retries without its waiting: `attempts` in all. */
const retries = (attempts: number) => {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 1, getRetryCost: () => 0 });
  return {
    mode: 'standard',
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (last: { getRetryCount(): number }, { errorType }: { errorType: string }) => {
      if (errorType === 'CLIENT_ERROR' || last.getRetryCount() + 1 >= attempts) throw new Error('not tried again');
      return token(last.getRetryCount() + 1);
    },
    recordSuccess: () => {},
  };
};

export const clientOf = (url: string, { attempts = 3, timeoutMs = 10_000 } = {}): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: url,
    requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    region: 'us-east-1',
    credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
    retryStrategy: retries(attempts),
  });

let tables = 0;

/** A new table as the stack makes it. */
export async function newTable(client: DynamoDBClient): Promise<string> {
  const TableName = `gridwatch-${++tables}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'SK', AttributeType: 'S' },
      ],
    }),
  );
  const isActive = async () =>
    (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus === 'ACTIVE';
  while (!(await isActive()));
  return TableName;
}

/**
 * What happens to a request. `drop-…`: the connection breaks, before or after DynamoDB has done the work. `500-…`: it says
 * that it failed, having done nothing or everything. `hang-after`: it has done the work and never answers. Anything else is the name of an error that refuses the request.
 */
export type Fault = 'drop-before' | 'drop-after' | '500-before' | '500-after' | 'hang-after' | `${string}Exception`;

export interface FaultProxy extends Endpoint {
  /** Called for each request with its action (`PutItem`) and body. */
  decide: (action: string, body: string) => Fault | null | Promise<null>;
}

export async function startProxy(target: string): Promise<FaultProxy> {
  // No connection is kept: one that the target has just closed would be a fault that nobody planned.
  const agent = new Agent();
  const forward = async (incoming: IncomingMessage, body: Buffer) => {
    const { method, headers, url } = incoming;
    const outgoing = request(`${target}${url}`, { method, headers, agent });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
  };
  const refuse = (response: ServerResponse, status: number, name: string) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'injected' }));
  };
  const proxy = { decide: () => null } as unknown as FaultProxy;
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(incoming);
    const fault = await proxy.decide(String(incoming.headers['x-amz-target']).split('.')[1] ?? '', body.toString());
    if (fault?.endsWith('Exception')) return refuse(response, 400, fault);
    if (fault === 'drop-before') return response.destroy();
    if (fault === '500-before') return refuse(response, 500, 'InternalServerError');
    const answer = await forward(incoming, body);
    if (fault === 'drop-after') return response.destroy();
    if (fault === 'hang-after') return;
    if (fault === '500-after') return refuse(response, 500, 'InternalServerError');
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const endpoint = await listen(
    createServer((incoming, response) => {
      handle(incoming, response).catch(() => response.destroy());
    }),
  );
  const close = async () => {
    agent.destroy();
    await endpoint.close();
  };
  return Object.assign(proxy, { url: endpoint.url, close });
}
