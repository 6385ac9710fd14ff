import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { postJson, webhookUrl } from '../../functions/aws/webhook.ts';

const GOOD = 'https://hooks.slack.com/services/T000/B000/abcDEF123';

test.each([
  GOOD,
  'https://hooks.slack-gov.com/services/T000/B000/abcDEF123',
  'https://hooks.slack.com/workflows/T000/A000/123/abc',
  'https://hooks.slack.com/triggers/T000/123/abc',
  `  ${GOOD}\n`,
])('%j is a webhook of Slack', (secret) => {
  expect(webhookUrl(secret)?.href).toBe(secret.trim());
});

test.each([
  ['empty', ''],
  ['a word', 'none'],
  ['http', 'http://hooks.slack.com/services/T/B/x'],
  ['ws', 'wss://hooks.slack.com/services/T/B/x'],
  ['file', 'file:///etc/passwd'],
  ['data', 'data:text/plain,https://hooks.slack.com/services/T/B/x'],
  ['no scheme', '//hooks.slack.com/services/T/B/x'],
  ['another host', 'https://example.com/services/T/B/x'],
  ['the runtime API', 'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next'],
  ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
  ['a decimal address', 'https://2130706433/services/T/B/x'],
  ['an IPv6 address', 'https://[::1]/services/T/B/x'],
  ['a mapped IPv6 address', 'https://[::ffff:169.254.169.254]/services/T/B/x'],
  ['a user', 'https://hooks.slack.com@127.0.0.1/services/T/B/x'],
  ['a user and a password', 'https://a:b@hooks.slack.com/services/T/B/x'],
  ['an empty user', 'https://@hooks.slack.com/services/T/B/x'],
  ['a port', 'https://hooks.slack.com:8443/services/T/B/x'],
  ['the usual port', 'https://hooks.slack.com:443/services/T/B/x'],
  ['a longer host', 'https://hooks.slack.com.evil.example/services/T/B/x'],
  ['a host below', 'https://x.hooks.slack.com/services/T/B/x'],
  ['a host beside', 'https://evilhooks.slack.com/services/T/B/x'],
  ['another of Slack', 'https://slack.com/services/T/B/x'],
  ['a dot at the end', 'https://hooks.slack.com./services/T/B/x'],
  ['a dot for any sign', 'https://hooks-slack.com/services/T/B/x'],
  ['a full-width host', 'https://hooks.slack.ｃom/services/T/B/x'],
  ['a soft hyphen', 'https://hooks.sla\u00adck.com/services/T/B/x'],
  ['a backslash', 'https://hooks.slack.com\\@127.0.0.1/services/T/B/x'],
  ['backslashes', 'https:\\\\hooks.slack.com\\services\\T\\B\\x'],
  ['a tab within', 'https://hooks.slack\t.com/services/T/B/x'],
  ['a line end within', 'https://hooks.slack.com/services/T/B/x\nHost: evil'],
  ['NUL', 'https://hooks.slack.com/services/T/B/x\0'],
  ['a query', 'https://hooks.slack.com/services/T/B/x?next=//127.0.0.1'],
  ['a fragment', 'https://hooks.slack.com/services/T/B/x#@127.0.0.1'],
  ['dots in the path', 'https://hooks.slack.com/services/../../x'],
  ['escapes in the path', 'https://hooks.slack.com/services/%2e%2e/x/y'],
  ['two slashes', 'https://hooks.slack.com//127.0.0.1/x'],
  ['no path', 'https://hooks.slack.com'],
  ['JSON', JSON.stringify({ url: GOOD })],
  ['quotes', `"${GOOD}"`],
  ['two addresses', `${GOOD} ${GOOD}`],
  ['endless', `https://hooks.slack.com/services/${'a/'.repeat(100_000)}`],
])('S10 %s is refused, and no socket is opened', (_, secret) => {
  const connect = jest.spyOn(Socket.prototype, 'connect');
  expect(webhookUrl(secret)).toBeNull();
  expect(connect).not.toHaveBeenCalled();
  connect.mockRestore();
});

describe('a post', () => {
  let server: Server;
  const listen = async (answer: RequestListener): Promise<URL> => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  };
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('says the status and the word', async () => {
    const seen: unknown[] = [];
    const url = await listen((request, response) => {
      seen.push(request.method, request.headers['content-type']);
      response.writeHead(404).end('no_service');
    });
    await expect(postJson(url, '{}')).resolves.toEqual({ status: 404, retryAfterMs: null, word: 'no_service' });
    expect(seen).toEqual(['POST', 'application/json; charset=utf-8']);
  });

  test.each([
    ['30', 30_000],
    ['soon', null],
    ['-1', null],
    ['99999999', null],
  ])('E4 Retry-After %s is read', async (header, retryAfterMs) => {
    const url = await listen((_, response) => response.writeHead(429, { 'Retry-After': header }).end());
    await expect(postJson(url, '{}')).resolves.toMatchObject({ status: 429, retryAfterMs });
  });

  test('E9 a redirect is not followed', async () => {
    let asked = 0;
    const url = await listen((_, response) => {
      asked += 1;
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    await expect(postJson(url, '{}')).resolves.toMatchObject({ status: 302 });
    expect(asked).toBe(1);
  });

  test('an endless answer is not read to its end', async () => {
    const url = await listen((_, response) => {
      response.writeHead(200);
      const more = (): boolean => !response.destroyed && response.write('x'.repeat(16_384), () => setImmediate(more));
      more();
    });
    await expect(postJson(url, '{}')).resolves.toEqual({ status: 200, retryAfterMs: null, word: null });
  });

  test('E5 an answer that breaks off before its status is no answer', async () => {
    const url = await listen((request) => request.socket.destroy());
    await expect(postJson(url, '{}')).resolves.toEqual({ status: null, retryAfterMs: null, word: null });
  });

  test('a word with anything but letters is not repeated', async () => {
    const url = await listen((_, response) => response.writeHead(400).end('<!channel> evil'));
    await expect(postJson(url, '{}')).resolves.toMatchObject({ status: 400, word: null });
  });
});
