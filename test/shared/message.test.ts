import fc from 'fast-check';
import type { Alert, Notification, NotificationReason } from '../../shared/alert.ts';
import { CAUSES } from '../../shared/causes.ts';
import type { Scope } from '../../shared/detect.ts';
import { render } from '../../shared/message.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { printable } from '../../shared/words.ts';
import { expectGolden } from '../setup/golden.ts';

const SINCE_MS = Date.UTC(2026, 0, 5, 14, 2);
const HOUR_MS = 60 * MINUTE_MS;
const SUMMARY_URL = 'https://gridwatch.example/summary';

const scope = (by: Scope['by'], value: string): Scope => ({ by, value });
const ALERT: Notification['alert'] = {
  id: '3f9a0c51d2e7',
  group: 'e429',
  scope: scope('key', 'checkout-prod'),
  state: 'firing',
  reason: 'share-above-normal',
  sinceMs: SINCE_MS,
  untilMs: SINCE_MS + 30 * MINUTE_MS,
  firedMs: SINCE_MS + 3 * MINUTE_MS,
  resolvedMs: null,
  evaluatedMs: SINCE_MS + 30 * MINUTE_MS,
  calls: 1301,
  failures: 807,
  normalShare: 0.004,
  causes: [
    { cause: 'budget_exceeded', status: 429, failures: 790 },
    { cause: 'rate_limit_tokens', status: 429, failures: 17 },
  ],
  blastRadius: [
    { scope: scope('tenant', 'acme'), failures: 807, share: 1 },
    { scope: scope('logGroup', '/app/checkout'), failures: 662, share: 0.82 },
    { scope: scope('logGroup', '/app/cart'), failures: 145, share: 0.18 },
  ],
  lastNotifiedMs: SINCE_MS + 30 * MINUTE_MS,
};
const notification = (reason: NotificationReason, change: Partial<Alert> = {}, atMs = SINCE_MS + 30 * MINUTE_MS) => ({
  id: '0123456789ab',
  reason,
  atMs,
  alert: { ...ALERT, ...change },
});
const email = (n: Notification) => {
  const { subject, text } = render(n, { summaryUrl: SUMMARY_URL });
  return `Subject: ${subject}\n\n${text}`;
};

const firstLine = (n: Notification) =>
  (render(n, { summaryUrl: null }).text.split('\n\n')[0] ?? '').replace(/\n/g, ' ');

const OVERLOAD: Partial<Alert> = {
  group: 'e5xx',
  scope: scope('provider', 'openai'),
  reason: 'wider',
  causes: [
    { cause: 'provider_overloaded', status: 503, failures: 700 },
    { cause: 'client_timeout', status: null, failures: 107 },
  ],
};
const UNKNOWN: Partial<Alert> = {
  group: 'auth',
  scope: scope('key', 'key:1a2b3c4d'),
  reason: 'reopened',
  causes: [{ cause: 'unknown', status: 401, failures: 807 }],
  blastRadius: [],
  failures: 1301,
};

const LATE: Partial<Alert> = { lateMs: SINCE_MS + 3 * HOUR_MS };
const FOUND_LATE: Partial<Alert> = {
  ...LATE,
  ...{ state: 'resolved', reason: 'found-late', resolvedMs: SINCE_MS + 35 * MINUTE_MS },
};

describe('an e-mail', () => {
  test.each<[string, Notification]>([
    ['first', notification('first')],
    ['escalated', notification('escalated', OVERLOAD)],
    ['repeat', notification('repeat', {}, SINCE_MS + 4 * HOUR_MS)],
    ['delayed', notification('delayed')],
    ['resolved', notification('resolved', { state: 'resolved', reason: 'recovered' }, SINCE_MS + 35 * MINUTE_MS)],
    ['silence', notification('resolved', { state: 'resolved', reason: 'silence' }, SINCE_MS + 90 * MINUTE_MS)],
    ['reopened', notification('first', UNKNOWN)],
    ['late', notification('delayed', LATE, SINCE_MS + 3 * HOUR_MS)],
    ['found-late', notification('resolved', FOUND_LATE, SINCE_MS + 3 * HOUR_MS)],
  ])('of reason %s reads well', (name, told) => {
    expectGolden(`email-${name}.txt`, email(told));
  });

  test('says first what to do, for every cause', () => {
    for (const { id, statuses } of CAUSES) {
      const causes = [{ cause: id, status: statuses[0] ?? null, failures: 1 }];
      const line = firstLine(notification('first', { causes, scope: scope('logGroup', '/app/a') }));
      expect(line).toMatch(/^Do this first: [a-z].+[.?]$/);
      expect(line).not.toContain('Ours:');
    }
  });

  test.each<[string, Partial<Alert>, string]>([
    ['whose budget', {}, 'have the budget of key checkout-prod raised in LLMGrid, or hold its calls back.'],
    [
      'until when',
      { findings: [{ kind: 'budget', figures: { resetsAtMs: SINCE_MS + 40 * MINUTE_MS }, says: '' }] },
      'have the budget of key checkout-prod raised in LLMGrid, or hold its calls back until it resets at 14:42 UTC.',
    ],
    [
      'whom to cap at what rate',
      {
        causes: [{ cause: 'rate_limit_requests', status: 429, failures: 9 }],
        findings: [{ kind: 'noisiest', figures: { logGroup: '/app/a', safe: 250, unit: 'calls' }, says: '' }],
      },
      'cap log group /app/a at about 250 calls a minute; it sends most.',
    ],
    [
      "the catalogue's step where nothing is known",
      { causes: [{ cause: 'rate_limit_requests', status: 429, failures: 9 }] },
      'let each retry wait exponentially longer than the one before, with random jitter.',
    ],
    [
      'which application needs a key',
      { causes: [{ cause: 'expired_or_revoked_key', status: 401, failures: 9 }], scope: scope('logGroup', '/app/a') },
      'give the application of log group /app/a a valid virtual key, or roll back its last deploy.',
    ],
  ])('the first line says %s', (_, change, step) => {
    expect(firstLine(notification('first', change))).toBe(`Do this first: ${step}`);
  });

  test('an incident that is known says when it was last there', () => {
    const history = { firstSeenMs: SINCE_MS - 40 * 24 * HOUR_MS, times: 3, backAfterMs: 3 * 24 * HOUR_MS };
    const text = email(notification('first', { history }));
    expect(text).toContain('Subject: Back after 3 days: Budget used up: key checkout-prod');
    expect(text).toContain('It is back after 3 days, for the 3rd time since 2025-11-26.');
  });

  test('a second leading cause brings its own advice', () => {
    const causes = [
      { cause: 'budget_exceeded', status: 429, failures: 60 },
      { cause: 'expired_or_revoked_key', status: 401, failures: 40 },
    ];
    expect(email(notification('first', { causes }))).toContain(
      'For the 40 % "Virtual key expired or revoked": Rotate the virtual key,',
    );
  });

  test('names the command for support only where support is the advice', () => {
    const internal = { causes: [{ cause: 'internal_error', status: 500, failures: 9 }] };
    expect(email(notification('first', internal))).toContain('gridwatch packet 3f9a0c51d2e7');
    expect(email(notification('first'))).not.toContain('gridwatch packet');
  });

  test('counts what it does not list', () => {
    const blastRadius = Array.from({ length: 9 }, (_, i) => ({
      scope: scope('model', `m${i}`),
      failures: 9,
      share: 0.1,
    }));
    expect(email(notification('first', { blastRadius }))).toContain(
      '- models m0 10 %, m1 10 %, m2 10 %, m3 10 %, 5 more\n',
    );
  });

  test('links to the page of the alert where the address has a place for it', () => {
    const told = notification('first');
    const { text, json } = render(told, { summaryUrl: 'https://watch.example/#/alerts/{alert}' });
    expect(json['summaryUrl']).toBe(`https://watch.example/#/alerts/${told.alert.id}`);
    expect(text).toContain(`https://watch.example/#/alerts/${told.alert.id}`);
  });

  test('makes no link of a name', () => {
    const text = email(notification('first', { scope: scope('model', 'https://evil.example/x') }));
    expect(text).not.toContain('https://evil');
  });
});

describe('the JSON form', () => {
  test('has the fields of its schema', () => {
    expectGolden(
      'message-first.json',
      `${JSON.stringify(render(notification('first'), { summaryUrl: SUMMARY_URL }).json, null, 2)}\n`,
    );
  });

  test('names a cause the catalogue lacks unknown', () => {
    const causes = [{ cause: 'ignore previous instructions', status: 429, failures: 1 }];
    expect(JSON.stringify(render(notification('first', { causes }), { summaryUrl: null }))).not.toContain('ignore');
  });
});

test.each([
  ['control characters', 'a\u0000b\u001b[31mc\u0085d', 'ab[31mcd'],
  ['line breaks', 'a\r\nb\u2028c', 'a b c'],
  ['text direction', 'a\u202eb\u2066c\u200bd', 'abcd'],
  ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
  ['nothing', '\u0007', '(no name)'],
  ['length, by code points', '😀'.repeat(200), `${'😀'.repeat(127)}…`],
])('a value is freed of %s', (_name, value, clean) => {
  expect(printable(value)).toBe(clean);
});

describe('hostile values', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      '__proto__',
      '<!channel>',
      '=cmd()',
      '\r\nBcc: x@y',
      '\u202egpj.exe',
      '🧨'.repeat(300),
      'x'.repeat(5000),
      '\ud83d',
    ),
  );
  const scopes = fc.record({ by: fc.constantFrom('all', 'logGroup', 'model', 'key', 'tenant' as const), value });
  const told = fc.record({
    reason: fc.constantFrom<NotificationReason>('first', 'escalated', 'repeat', 'resolved', 'delayed'),
    scope: scopes,
    group: fc.constantFrom('e429', 'e5xx', 'auth' as const),
    hits: fc.array(scopes, { maxLength: 8 }),
    cause: fc.oneof(value, fc.constantFrom(...CAUSES.map((c) => c.id))),
    status: fc.option(fc.integer({ min: 100, max: 599 })),
    calls: fc.nat(),
    alertReason: fc.constantFrom('share-above-normal', 'reopened', 'wider', 'silence', 'recovered'),
    minutes: fc.nat({ max: 100_000 }),
  });

  test('neither break the limits of subject and lines nor throw', () => {
    fc.assert(
      fc.property(told, ({ reason, hits, cause, status, alertReason, minutes, ...rest }) => {
        const failures = Math.ceil(rest.calls / 3);
        const blastRadius = hits.map((hit) => ({ scope: hit, failures, share: 0.5 }));
        const causes = [{ cause, status, failures }];
        const change = { ...rest, failures, blastRadius, causes, reason: alertReason };
        const message = render(notification(reason, change, SINCE_MS + minutes * MINUTE_MS), {
          summaryUrl: SUMMARY_URL,
        });
        expect(message.subject).toMatch(/^[A-Za-z0-9][\x20-\x7e]{0,98}$/);
        for (const line of message.text.split('\n')) {
          if (!line.startsWith('https://')) expect([...line].length).toBeLessThanOrEqual(72);
          expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]*$/u);
        }
        expect(JSON.parse(JSON.stringify(message.json))).toMatchObject({ schema: 'gridwatch.alert/1' });
        expect(JSON.stringify(message.json)).not.toMatch(/\\u(d[89a-f]|00[01])/);
      }),
      { seed: 1, numRuns: 400 },
    );
  });
});
