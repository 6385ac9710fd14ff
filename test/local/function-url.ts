/**
 * A deployed gridwatch on this machine: what answers in front of the function is strict about signatures, and checks them
 * by AWS's description alone (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const REGION = 'eu-central-1';
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret/of+test' } as const;

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Null where the signature is good, else the type of AWS's refusal and its sentence. */
export function refusal({ method, url, headers, body }: Received): readonly [string, string] | null {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day = '', region = '', service = '', names = '', signature] =
    form.exec(String(headers['authorization'] ?? '')) ?? [];
  if (id === undefined) return ['MissingAuthenticationTokenException', 'Missing Authentication Token'];
  if (id !== CREDENTIALS.AWS_ACCESS_KEY_ID)
    return ['UnrecognizedClientException', 'The security token included in the request is invalid.'];
  if (region !== REGION || service !== 'lambda')
    return ['InvalidSignatureException', `Credential should be scoped to a valid region, not '${region}'.`];
  if (!names.split(';').includes('host') || !names.split(';').includes('x-amz-date'))
    return ['InvalidSignatureException', 'x'];
  const { pathname, searchParams } = new URL(url, 'http://x');
  const query = [...searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort();
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const path = pathname.split('/').map(escaped).join('/');
  const canonical = [method, path, query.join('&'), signed.join(''), names, sha(body)].join('\n');
  const at = String(headers['x-amz-date']);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`,
  );
  const wanted = hmac(key, ['AWS4-HMAC-SHA256', at, scope, sha(canonical)].join('\n')).toString('hex');
  if (wanted === signature) return null;
  return [
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  ];
}

export interface FunctionUrl {
  readonly url: string;
  /** What came through. */
  readonly received: Received[];
  /** Answers every signed request as AWS answers who may not ask. */
  denies: boolean;
  close(): Promise<void>;
}

export async function functionUrl(api: (request: Request) => Promise<Response>): Promise<FunctionUrl> {
  const received: Received[] = [];
  const state = { denies: false };
  const server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { method = '', url = '', headers } = incoming;
    const refused = state.denies
      ? (['AccessDeniedException', 'Forbidden'] as const)
      : refusal({ method, url, headers, body });
    if (refused) {
      const [type, message] = refused;
      outgoing.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': type });
      outgoing.end(JSON.stringify({ Message: message }));
      return;
    }
    received.push({ method, url, headers, body });
    const kept = ['accept', 'content-type', 'origin'].flatMap((name) =>
      typeof headers[name] === 'string' ? [[name, headers[name]] as [string, string]] : [],
    );
    const answer = await api(
      new Request(`http://${headers.host}${url}`, { method, headers: kept, body: body || null }),
    );
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
