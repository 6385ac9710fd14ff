/** Recording stand-ins for AWS services and Slack on 127.0.0.1. Each answers what the functions ask for, and fails on anything else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface StandIn {
  readonly url: string;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

async function standIn<Extra extends object>(answer: Answer, extra: Extra): Promise<StandIn & Extra> {
  const server: Server = createServer(async (request, response) => {
    answer(request, await text(request), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close, ...extra };
}

const unknown = (response: ServerResponse, what: unknown): void => {
  response.writeHead(400).end(`this stand-in does not know ${String(what)}`);
};

/** `published`: the parameters of each Publish. */
export function snsStandIn() {
  const published: Readonly<Record<string, string>>[] = [];
  return standIn(
    (_, body, response) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const action = form['Action'];
      if (action === 'Publish') published.push(form);
      else if (action !== 'GetTopicAttributes') return unknown(response, action);
      const result =
        action === 'Publish'
          ? `<MessageId>m-${published.length}</MessageId>`
          : '<Attributes><entry><key>SubscriptionsPending</key><value>1</value></entry></Attributes>';
      response
        .writeHead(200, { 'Content-Type': 'text/xml' })
        .end(
          `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${result}</${action}Result></${action}Response>`,
        );
    },
    { published },
  );
}

/** Answers GetSecretValue from `secrets`, by ARN. */
export function secretsStandIn(secrets: Readonly<Record<string, string>>) {
  return standIn((request, body, response) => {
    const id = String(JSON.parse(body).SecretId);
    if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return unknown(response, id);
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    if (!Object.hasOwn(secrets, id)) {
      response.writeHead(400).end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'none' }));
    } else response.writeHead(200).end(JSON.stringify({ ARN: id, Name: id, SecretString: secrets[id] }));
  }, {});
}

/** One bucket; `objects` by key. */
export function s3StandIn() {
  const objects = new Map<string, string>();
  const list = (prefix: string): string => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
  };
  return standIn(
    ({ method, url = '' }, body, response) => {
      const { pathname, searchParams } = new URL(url, 'http://s3');
      const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
      const found = objects.get(key);
      if (method === 'PUT') {
        objects.set(key, body);
        response.writeHead(200).end();
      } else if (method === 'DELETE') {
        objects.delete(key);
        response.writeHead(204).end();
      } else if (method === 'GET' && key === '') response.writeHead(200).end(list(searchParams.get('prefix') ?? ''));
      else if (method === 'GET' && found !== undefined) response.writeHead(200).end(found);
      else if (method === 'GET') response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
      else unknown(response, `${method} ${url}`);
    },
    { objects },
  );
}

export function slackStandIn() {
  const posts: { readonly path: string; readonly body: string }[] = [];
  return standIn(
    ({ url = '' }, body, response) => {
      posts.push({ path: url, body });
      response.writeHead(200).end('ok');
    },
    { posts },
  );
}
