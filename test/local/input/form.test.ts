import { gzipSync } from 'node:zlib';
import type { LogBatch } from '../../../shared/record.ts';
import { readText, removeDirectories } from './reading.ts';

afterEach(removeDirectories);

const AT = Date.UTC(2026, 10, 22, 14, 23, 1, 598);
const event = (n: number, message: string) => ({
  logStreamName: 'web/1',
  timestamp: AT + n,
  message,
  eventId: `e${n}`,
});
const EVENTS = [event(0, 'one\n  two'), event(1, 'three')];
const PAYLOAD = {
  messageType: 'DATA_MESSAGE',
  owner: '123456789012',
  logGroup: '/aws/lambda/orders',
  logStream: 'web/1',
  logEvents: [
    { id: 'e0', timestamp: AT, message: 'one\n  two' },
    { id: 'e1', timestamp: AT + 1, message: 'three' },
  ],
};
const packed = { awslogs: { data: gzipSync(JSON.stringify(PAYLOAD)).toString('base64') } };
const insights = [
  EVENTS.map(({ message, timestamp }) => [
    { field: '@timestamp', value: new Date(timestamp).toISOString().replace('T', ' ').slice(0, 23) },
    { field: '@message', value: message },
    { field: '@logStream', value: 'web/1' },
  ]),
][0];
const CSV = `timestamp,message,logStreamName\r\n${AT},"one\n  two",web/1\r\n${AT + 1},three,web/1\r\n`;

test.each([
  [
    'filter-log-events, pretty',
    'cloudwatch-events',
    JSON.stringify({ events: EVENTS, searchedLogStreams: [] }, null, 4),
  ],
  ['filter-log-events, compact', 'cloudwatch-events', JSON.stringify({ events: EVENTS })],
  ['SDK response', 'cloudwatch-events', JSON.stringify({ $metadata: { attempts: 1 }, events: EVENTS }, null, 2)],
  ['array of events', 'cloudwatch-events', JSON.stringify(EVENTS, null, 2)],
  ['events one per line', 'cloudwatch-events', EVENTS.map((one) => JSON.stringify(one)).join('\n')],
  ['several pages', 'cloudwatch-events', EVENTS.map((one) => JSON.stringify({ events: [one] }, null, 2)).join('\n')],
  ['Insights results', 'cloudwatch-events', JSON.stringify({ results: insights, status: 'Complete' }, null, 2)],
  ['CSV export', 'cloudwatch-csv', CSV],
  ['subscription, packed', 'subscription', JSON.stringify(packed)],
  ['subscription, unpacked', 'subscription', JSON.stringify(PAYLOAD, null, 2)],
  [
    'subscription, lines with a control message',
    'subscription',
    `{"messageType":"CONTROL_MESSAGE"}\n${JSON.stringify(packed)}\n`,
  ],
])('%s gives its records as events', async (_, form, content) => {
  const { batches, messages, forms, problems } = await readText(content);
  expect([forms, problems]).toEqual([[form], []]);
  expect(messages).toEqual(['one\n  two', 'three']);
  expect(batches[0]?.batch.events.map(({ timestamp }) => timestamp)).toEqual([AT, AT + 1]);
  expect(batches[0]?.batch.logStream).toBe('web/1');
});

test.each([
  ['plain text', 'text', '2026-11-22 14:23:01,598 - app - ERROR - boom\n'],
  ['text that begins with a dump', 'text', "{\n  status: 429,\n  error: {\n    code: '429'\n  }\n}\ndone\n"],
  ['text that begins with a list', 'text', '[{"role":"user"}] was refused\nError code: 429\n'],
  ['Heroku', 'text', '2026-11-22T14:23:01.598000+00:00 app[web.1]: boom\n'],
  ['ISO stamps and levels', 'text', '2026-11-22T14:23:01.598000+00:00 ERROR boom\n'],
  ['Lambda text', 'text', '2026-11-22T14:23:01.598Z\t8f5e-1\tERROR\tboom\n'],
  ['JSON lines', 'json-lines', '{"level":50,"time":1795357381598,"msg":"boom"}\n{"level":30}\n'],
  ['JSON lines with event ids', 'json-lines', '{"eventId":"a","timestamp":1,"message":"x","status":429}\n'],
  ['JSON lines with events', 'json-lines', '{"level":"info","events":[{"message":"x"}]}\n{"status":429}\n'],
])('%s is read line by line', async (_, form, content) => {
  const { forms, messages } = await readText(content);
  expect(forms).toEqual([form]);
  expect(messages).toEqual(content.trimEnd().split('\n'));
});

test('tail output loses its prefix and keeps its streams', async () => {
  const stamp = '2026-11-22T14:23:01.598000+00:00';
  const { batches, forms } = await readText(`${stamp} web/1 one\n  two\n${stamp} 2026/11/22/[$LATEST]ab three\n`);
  expect(forms).toEqual(['cloudwatch-tail']);
  expect(batches.map(({ batch }) => [batch.logStream, batch.events.map(({ message }) => message)])).toEqual([
    ['web/1', ['one', '  two']],
    ['2026/11/22/[$LATEST]ab', ['three']],
  ]);
});

test('an S3 export loses its stamp', async () => {
  const { messages, forms, events } = await readText(
    gzipSync('2026-11-22T14:23:01.598Z {"status":429}\n2026-11-22T14:23:01.599Z Traceback\n  File "x"\n'),
    '000000.gz',
  );
  expect(forms).toEqual(['s3-export']);
  expect(messages).toEqual(['{"status":429}', 'Traceback', '  File "x"']);
  expect(events.map(({ timestamp }) => timestamp - AT)).toEqual([0, 1, 1]);
});

test('an array of application records gives each whole', async () => {
  const records = [0, 1].map((n) => ({ timestamp: new Date(AT + n).toISOString(), message: 'boom', status: 429 }));
  for (const content of [JSON.stringify(records), JSON.stringify(records, null, 2)]) {
    const { messages, events } = await readText(content);
    expect(messages.map((message) => JSON.parse(message))).toEqual(records);
    expect(events.map(({ timestamp }) => timestamp)).toEqual([AT, AT + 1]);
  }
});

test('an Insights export with @log names account and group', async () => {
  const row = {
    '@timestamp': '2026-11-22 14:23:01.598',
    '@message': { status: 429 },
    '@log': '123456789012:/aws/lambda/orders',
  };
  const { batches } = await readText(JSON.stringify([row], null, 2));
  const batch: Partial<LogBatch> = { owner: '123456789012', logGroup: '/aws/lambda/orders' };
  expect(batches[0]?.batch).toMatchObject({ ...batch, events: [{ timestamp: AT, message: '{"status":429}' }] });
});

test('records without time or message are counted', async () => {
  const broken = [{ timestamp: AT }, { message: 'no time' }, { timestamp: AT, message: 5 }, ...EVENTS];
  const { messages, problems } = await readText(JSON.stringify({ events: broken }));
  expect(messages).toHaveLength(2);
  expect(problems).toMatchObject([{ code: 'MALFORMED', message: expect.stringContaining('3 record(s)') }]);
});

test('a document that ends early gives what it has', async () => {
  const { messages, codes } = await readText(JSON.stringify({ events: EVENTS }, null, 2).slice(0, -40));
  expect(messages).toEqual(['one\n  two']);
  expect(codes).toEqual(['BAD_JSON']);
});

test('a broken line of payloads costs only itself', async () => {
  const line = JSON.stringify(packed);
  const { messages, codes } = await readText(`${line}\n${line.slice(0, 60)}oops\n${line}\n`);
  expect(messages).toHaveLength(4);
  expect(codes).toEqual(['BAD_JSON']);
});

test('a payload that cannot be opened is named by code', async () => {
  const { problems } = await readText('{"awslogs":{"data":"***"}}\n');
  expect(problems).toMatchObject([{ code: 'REFUSED', message: expect.stringContaining('BAD_BASE64') }]);
});

test('CSV quotes, commas and empty fields follow RFC 4180', async () => {
  const { messages } = await readText(`timestamp,message\n${AT},"say ""429"", then\n\nwait"\n${AT},plain "text"\n`);
  expect(messages).toEqual(['say "429", then\n\nwait', 'plain "text"']);
});

test('a CSV quote that never closes is counted', async () => {
  const { messages, codes } = await readText(`timestamp,message\n${AT},one\n${AT},"two\n${AT},three\n`);
  expect(messages).toEqual(['one']);
  expect(codes).toEqual(['BAD_CSV']);
});
