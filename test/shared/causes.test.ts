import { CAUSES, type Category, type Cause, type CauseId, causeById, isCauseId } from '../../shared/causes.ts';

const DOC_URL = 'https://docs.llmgrid.ai/guides/developer-docs/common-errors';

/** The table of the design, §3: documented status (null: none) and the category its group has. */
const GROUPS: readonly { status: number | null; category: Category; ids: readonly CauseId[] }[] = [
  {
    status: 400,
    category: 'request',
    ids: ['invalid_json', 'invalid_parameter', 'unsupported_parameter', 'invalid_messages'],
  },
  { status: 401, category: 'request', ids: ['missing_auth_header', 'malformed_key', 'expired_or_revoked_key'] },
  { status: 403, category: 'request', ids: ['model_access_denied', 'tenant_policy', 'environment_restriction'] },
  { status: 404, category: 'request', ids: ['wrong_path', 'model_not_found'] },
  { status: 409, category: 'request', ids: ['resource_exists', 'concurrent_update'] },
  {
    status: 422,
    category: 'request',
    ids: ['invalid_tool_schema', 'invalid_message_format', 'parameter_out_of_range'],
  },
  {
    status: 429,
    category: 'throttle',
    ids: [
      'rate_limit_requests',
      'rate_limit_tokens',
      'concurrency_limit',
      'budget_exceeded',
      'quota_exceeded',
      'rate_limit_unspecified',
    ],
  },
  { status: 500, category: 'transient', ids: ['provider_unstable', 'routing_error', 'internal_error'] },
  {
    status: 503,
    category: 'transient',
    ids: ['provider_overloaded', 'maintenance', 'service_unavailable_unspecified'],
  },
  { status: null, category: 'connection', ids: ['client_timeout', 'stream_disconnected', 'network_error'] },
];
const NOT_DOCUMENTED = {
  context_length_exceeded: 'request',
  content_policy: 'request',
  payload_too_large: 'request',
  provider_credentials: 'request',
  request_exceeds_limit: 'throttle',
  gateway_timeout: 'connection',
  client_disconnected: 'connection',
  waf_block: 'request',
  unknown: 'request',
} as const satisfies Partial<Record<CauseId, Category>>;

/** Each "How to fix" line and triage phrase of LLMGrid's page, with its dashes and markup taken off: none may be ours. */
const PAGE_SENTENCES = [
  'Fix the request.',
  'Back off, retry, and/or reduce throughput.',
  'Retry with backoff.',
  'Validate your JSON and parameter types.',
  'Remove provider-unsupported params, or enable “drop unsupported params” if your SDK supports it.',
  'Ensure messages is an array of objects with role + content.',
  'Set Authorization: Bearer $LLMGRID_API_KEY.',
  'Regenerate/rotate the Virtual Key if needed.',
  'Confirm the Virtual Key is assigned permissions for the model/provider.',
  'Check tenant-level policies and access controls.',
  'Confirm base URL: https://api.llmgrid.ai/v1.',
  'Confirm endpoint path and model name spelling.',
  'Retry if the operation is safe and idempotent.',
  'Resolve duplicates (use “update” instead of “create” where applicable).',
  'Validate tool definitions and message objects.',
  'Check parameter bounds and supported values for the chosen model/provider.',
  'Implement retries with exponential backoff + jitter.',
  'Add client-side throttling (queue + concurrency limits).',
  'Reduce max_tokens or request frequency.',
  'Verify budgets and rate limit settings in LLMGrid.',
  'If persistent, log request context (model, time, tenant/key) and contact support.',
  'Retry with longer backoff than for 500s.',
  'Reduce concurrency and request rate.',
  'Use fallbacks if configured.',
];

const row = (id: string): Cause => {
  const cause = causeById(id);
  if (cause === undefined) throw new Error(`no such cause: ${id}`);
  return cause;
};
const plain = (sentence: string): string =>
  sentence
    .replace(/^Ours: /, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
const documentedIds = GROUPS.flatMap((group) => group.ids);
const everyRow = CAUSES.map((cause) => [cause.id, cause] as const);

describe('the catalogue', () => {
  test('holds each id of the design once and no other', () => {
    expect(CAUSES.map((cause) => cause.id).toSorted()).toEqual(
      [...documentedIds, ...Object.keys(NOT_DOCUMENTED)].toSorted(),
    );
  });

  test('is documented exactly where the page names the cause', () => {
    expect(CAUSES.filter((cause) => cause.documented).map((cause) => cause.id)).toEqual(documentedIds);
  });

  test('finds a row by its id and nothing by another', () => {
    expect(causeById('budget_exceeded')?.title).toBe('Budget used up');
    expect(causeById('toString')).toBeUndefined();
    expect(isCauseId('budget_exceeded')).toBe(true);
    expect(isCauseId('Budget_exceeded')).toBe(false);
  });
});

describe.each(GROUPS)('the $status group', ({ status, category, ids }) => {
  test.each(ids)('%s has the category of its group', (id) => expect(row(id).category).toBe(category));
  test.each(ids)('%s names its documented status first', (id) => {
    if (status !== null) expect(row(id).statuses[0]).toBe(status);
  });
});

describe('category', () => {
  test.each(Object.entries(NOT_DOCUMENTED))('of %s is %s', (id, category) => expect(row(id).category).toBe(category));
  test('is throttle wherever 429 or 402 is listed', () => {
    const limited = CAUSES.filter((cause) => cause.statuses.some((status) => status === 429 || status === 402));
    expect(new Set(limited.map((cause) => cause.category))).toEqual(new Set(['throttle']));
  });
});

describe.each(everyRow)('%s', (_id, cause) => {
  const sentences = [cause.meaning, ...cause.commonCauses, ...cause.remediation, ...(cause.doNot ? [cause.doNot] : [])];

  test('links the common-errors page', () => expect(cause.docUrl).toBe(DOC_URL));
  test('has a title, a meaning, causes and steps', () => {
    expect(cause.title).toMatch(/^[A-Z].*[^.]$/);
    expect(cause.commonCauses.length).toBeGreaterThan(0);
    expect(cause.remediation.length).toBeGreaterThan(0);
  });
  test('speaks in full sentences that end with a period', () => {
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].* .* .*[^.\s]\.$/);
  });
  test('copies no sentence of the page', () => {
    const copied = new Set(PAGE_SENTENCES.map(plain));
    expect(cause.remediation.filter((step) => copied.has(plain(step)))).toEqual([]);
  });
  test('has distinct steps and valid, distinct statuses', () => {
    expect(new Set(cause.remediation).size).toBe(cause.remediation.length);
    expect(new Set(cause.statuses).size).toBe(cause.statuses.length);
    expect(cause.statuses.filter((status) => status < 100 || status > 599)).toEqual([]);
  });
  test('says "do not" where it advises against retrying', () => {
    if (cause.retry !== 'backoff' && cause.id !== 'unknown') expect(cause.doNot).toMatch(/^Do not /);
  });
});

describe('what is ours', () => {
  test.each(['client_timeout', 'stream_disconnected', 'network_error'])('is every step of %s', (id) => {
    expect(row(id).remediation.filter((step) => !step.startsWith('Ours: '))).toEqual([]);
  });
  test('never comes first under a documented status', () => {
    const withStatus = GROUPS.filter((group) => group.status !== null).flatMap((group) => group.ids);
    expect(withStatus.filter((id) => row(id).remediation[0]?.startsWith('Ours: '))).toEqual([]);
  });
  test('is not marked in rows that are ours throughout', () => {
    const steps = CAUSES.filter((cause) => !cause.documented).flatMap((cause) => cause.remediation);
    expect(steps.filter((step) => step.startsWith('Ours: '))).toEqual([]);
  });
});

describe('retry verdict', () => {
  const verdicts = (status: number) =>
    new Set(GROUPS.filter((group) => group.status === status).flatMap((group) => group.ids.map((id) => row(id).retry)));

  test.each([400, 401, 403, 404, 422])('is never for %i', (status) => {
    expect(verdicts(status)).toEqual(new Set(['never']));
  });
  test.each([
    [409, 'if-idempotent'],
    [500, 'backoff'],
    [503, 'long-backoff'],
  ])('for %i is %s', (status, verdict) => expect(verdicts(status)).toEqual(new Set([verdict])));
  test.each(['budget_exceeded', 'quota_exceeded'])('of %s waits for the reset, as backing off does not help', (id) => {
    expect(row(id).retry).toBe('after-reset');
    expect(row(id).doNot).toMatch(/backing off does not help until the .*budget is raised or resets/);
  });
});
