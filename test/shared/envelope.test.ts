import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeSubscription } from '../../shared/envelope.ts';

const EVENT = { id: '1', timestamp: 1_795_357_425_162, message: 'boom' };
const MESSAGE = {
  messageType: 'DATA_MESSAGE',
  owner: '123456789012',
  logGroup: '/aws/lambda/orders',
  logStream: '2026/11/22/[$LATEST]abc',
  logEvents: [EVENT],
};
const pack = (bytes: string | Buffer): unknown => ({ awslogs: { data: gzipSync(bytes).toString('base64') } });
const packRaw = (bytes: Buffer): unknown => ({ awslogs: { data: bytes.toString('base64') } });
const codeOf = (data: unknown): string => {
  const decoded = decodeSubscription(data);
  return decoded.kind === 'refused' ? decoded.code : decoded.kind;
};

test('packed and unpacked payloads give the same batch', () => {
  const { owner, logGroup, logStream } = MESSAGE;
  const expected = {
    kind: 'batch',
    batch: { owner, logGroup, logStream, events: [EVENT] },
    malformed: 0,
    repaired: false,
  };
  expect(decodeSubscription(MESSAGE)).toEqual(expected);
  expect(decodeSubscription(pack(JSON.stringify(MESSAGE)))).toEqual(expected);
  expect(decodeSubscription(pack(`\ufeff${JSON.stringify(MESSAGE)}`))).toEqual(expected);
});

test('concatenated gzip members are one payload', () => {
  const text = JSON.stringify(MESSAGE);
  const members = Buffer.concat([gzipSync(text.slice(0, 40)), gzipSync(text.slice(40))]);
  expect(codeOf(packRaw(members))).toBe('batch');
});

test('an empty list of events is a batch', () => {
  expect(decodeSubscription({ ...MESSAGE, logEvents: [] })).toMatchObject({ batch: { events: [] }, malformed: 0 });
});

test.each([
  ['no payload', null, 'NO_PAYLOAD'],
  ['no data', { awslogs: {} }, 'NO_PAYLOAD'],
  ['data is a number', { awslogs: { data: 3 } }, 'NO_PAYLOAD'],
  ['another object', { records: [] }, 'NO_PAYLOAD'],
  ['not base64', { awslogs: { data: 'H4sI*AAA' } }, 'BAD_BASE64'],
  ['cut base64', { awslogs: { data: 'H4sIA' } }, 'BAD_BASE64'],
  ['empty gzip', { awslogs: { data: '' } }, 'GZIP_TRUNCATED'],
  ['cut gzip', packRaw(gzipSync('hello').subarray(0, -3)), 'GZIP_TRUNCATED'],
  ['no gzip', packRaw(Buffer.from('hello!')), 'GZIP_CORRUPT'],
  ['garbage after gzip', packRaw(Buffer.concat([gzipSync('{}'), Buffer.from('xx')])), 'GZIP_CORRUPT'],
  ['a bomb', pack(Buffer.alloc(65 * 1024 * 1024)), 'GZIP_TOO_LARGE'],
  ['no JSON', pack('hello'), 'BAD_JSON'],
  ['JSON null', pack('null'), 'BAD_SHAPE'],
  ['no message type', pack('{}'), 'BAD_SHAPE'],
  ['events no list', { ...MESSAGE, logEvents: {} }, 'BAD_SHAPE'],
  ['no log group', { ...MESSAGE, logGroup: undefined }, 'BAD_SHAPE'],
  ['unknown message type', { ...MESSAGE, messageType: 'NEWS' }, 'UNKNOWN_MESSAGE_TYPE'],
  ['control message', { messageType: 'CONTROL_MESSAGE', logEvents: [] }, 'control'],
])('%s gets its code', (_, data, code) => {
  expect(codeOf(data)).toBe(code);
});

test('a broken event costs only itself', () => {
  const broken = [null, 3, { timestamp: 1 }, { message: 5, timestamp: 1 }, { message: 'x', timestamp: 'now' }];
  const infinite = JSON.parse('{"message":"x","timestamp":1e400}');
  const decoded = decodeSubscription({ ...MESSAGE, logEvents: [...broken, EVENT, infinite] });
  expect(decoded).toMatchObject({ batch: { events: [EVENT] }, malformed: 6 });
});

test('events without an id are told apart and stable', () => {
  const { id: _, ...bare } = EVENT;
  const once = decodeSubscription({ ...MESSAGE, logEvents: [bare, bare, { ...bare, message: 'else' }] });
  const ids = once.kind === 'batch' ? once.batch.events.map(({ id }) => id) : [];
  expect(new Set(ids).size).toBe(3);
  expect(decodeSubscription({ ...MESSAGE, logEvents: [bare, bare, { ...bare, message: 'else' }] })).toEqual(once);
});

test('bytes that are not UTF-8 become replacement characters', () => {
  const text = Buffer.from(JSON.stringify(MESSAGE));
  text[text.indexOf('boom')] = 0xff;
  expect(decodeSubscription(pack(text))).toMatchObject({ batch: { events: [{ message: '\ufffdoom' }] } });
});

test('no payload makes it throw or repeats its content', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.string().map(pack),
        fc.jsonValue().map((v) => pack(JSON.stringify(v))),
      ),
      (data) => {
        expect(['batch', 'control', 'refused']).toContain(decodeSubscription(data).kind);
      },
    ),
  );
  const secret = decodeSubscription(pack('{"messageType":"sk-secret"'));
  expect(JSON.stringify(secret)).not.toContain('sk-secret');
});

test('a payload cut at any length is refused', () => {
  const whole = gzipSync(JSON.stringify(MESSAGE));
  for (let length = 0; length < whole.length; length++) {
    expect(codeOf(packRaw(whole.subarray(0, length)))).toMatch(/^GZIP_/);
  }
});
