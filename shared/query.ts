/**
 * What may be asked of the query API: every endpoint with its parameters, as schemas that both validate and document
 * (`open-api.ts`). What cannot be used is answered with every problem in it, what is allowed, and what was perhaps meant.
 */
import * as z from 'zod/mini';
import type { Alert } from './alert.ts';
import { CAUSES, type Category } from './causes.ts';
import { FILTERS } from './maintenance.ts';
import { nearest } from './nearest.ts';
import { LONGEST_RANGE_MS, parseTime, STEPS, TIME_FORMS } from './range.ts';
import { DIMENSIONS, type Dimension } from './summary.ts';

export const ALERT_STATES = ['pending', 'firing', 'resolved'] as const satisfies readonly Alert['state'][];
export const SILENCE_STATES = ['active', 'scheduled', 'over'] as const;
export const CATEGORIES = ['request', 'throttle', 'transient', 'connection'] as const satisfies readonly Category[];
export const CAUSE_IDS = CAUSES.map(({ id }) => id);
const MOST_DIMENSIONS = 2;
const MOST_ROWS = 1000;

/** What a JSON schema says beside what is checked. */
export const ABOUT = z.registry<{
  description?: string;
  example?: unknown;
  examples?: unknown[];
  [keyword: string]: unknown;
}>();

const about = <T extends z.ZodMiniType>(schema: T, meta: { description: string; [keyword: string]: unknown }): T => {
  ABOUT.add(schema, meta as never);
  return schema;
};

type Shape = Readonly<Record<string, z.ZodMiniType>>;
type Asked<S extends Shape> = Omit<z.output<z.ZodMiniObject<S, z.core.$strict>>, 'from' | 'to'> & {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

const optionalText = (check: z.core.$ZodCheck<string>, meta: { description: string; [keyword: string]: unknown }) =>
  about(z.optional(z.string().check(check)), meta);
const oneOf = <const T extends readonly string[]>(values: T, description: string, example: T[number]) =>
  about(z.optional(z.enum(values, `must be one of ${values.join(', ')}`)), { description, example });

const isTime = z.refine<string>((text) => parseTime(text, 0) !== null, `must be ${TIME_FORMS}`);
const moment = (description: string, example: string) => optionalText(isTime, { description, example });
/** Whole numbers are texts in a URL, and numbers to everybody else. */
const wholeNumber = (most: number, description: string, example: number) =>
  about(
    z.optional(
      z.pipe(
        z
          .string()
          .check(
            z.refine(
              (text) => /^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= most,
              `must be a whole number from 1 to ${most}`,
            ),
          ),
        z.transform(Number),
      ),
    ),
    { description, type: 'integer', minimum: 1, maximum: most, example },
  );

const isDimension = (name: string): name is Dimension => DIMENSIONS.some((dimension) => dimension === name);
const namesIn = (text: string) => [...new Set(text.split(',').map((name) => name.trim()))];
const grouping = about(
  z.optional(
    z.pipe(
      z
        .string()
        .check(
          z.refine(
            (text) => namesIn(text).every(isDimension) && namesIn(text).length <= MOST_DIMENSIONS,
            `must be one or two of ${DIMENSIONS.join(', ')}, with a comma between`,
          ),
        ),
      z.transform((text: string) => namesIn(text).filter(isDimension)),
    ),
  ),
  {
    description: 'what to group by: one dimension or two, with a comma between',
    ...{ type: 'array', items: { type: 'string', enum: DIMENSIONS }, minItems: 1, maxItems: MOST_DIMENSIONS },
    example: ['cause', 'model'],
  },
);

const name = (of: string, example: string) =>
  optionalText(z.maxLength(256, 'must have at most 256 characters'), {
    description: `only this ${of}; empty: where the logs name none`,
    example,
  });
const filters = {
  cause: oneOf(CAUSE_IDS, 'only this cause; GET /v1/causes lists them', 'budget_exceeded'),
  category: oneOf(CATEGORIES, 'only this category of failures', 'throttle'),
  status: optionalText(z.regex(/^([1-5]\d\d)?$/, 'must be a status from 100 to 599, or empty for none'), {
    description: 'only this HTTP status; empty: failures without one',
    example: '429',
  }),
  model: name('model', 'gpt-4o'),
  provider: name('provider', 'openai'),
  tenant: name('tenant', 'acme'),
  project: name('project', 'support'),
  key: name('virtual key, by its alias or salted hash', 'support-prod'),
  logGroup: name('log group', '/aws/lambda/app'),
};
const range = {
  from: moment(`first moment: ${TIME_FORMS}; without it 24 hours before \`to\``, '-1h'),
  to: moment('first moment after; without it now', 'now'),
};
const table = {
  ...range,
  by: grouping,
  top: wholeNumber(MOST_ROWS, 'rows with most failures; the rest is summed as `other`', 10),
  ...filters,
};
const STEP_NAMES = [...STEPS.keys()];
const paging = {
  limit: wholeNumber(MOST_ROWS, 'at most so many; `next` of the answer continues', 100),
  cursor: optionalText(z.regex(/^[\w-]{1,200}$/, 'must be `next` of the answer before'), {
    description: '`next` of the answer before',
  }),
};

/** Path, what it is for, what it may be asked, and an example that works on every store. */
export const ENDPOINTS = [
  {
    method: 'get',
    path: '/v1/summary',
    example: '?from=-1h&by=cause,model',
    what: 'failures of a range, by cause or other dimensions',
    asked: { ...table, step: oneOf(STEP_NAMES, 'adds to each row its failures a step (UTC hours and days)', '5m') },
  },
  {
    method: 'get',
    path: '/v1/series',
    example: '?from=-6h&step=5m&by=cause',
    what: 'calls and failures over time',
    asked: {
      ...table,
      step: oneOf(STEP_NAMES, 'length of a step; without it one that suits the range (UTC hours and days)', '5m'),
    },
  },
  {
    method: 'get',
    path: '/v1/alerts',
    example: '?state=firing',
    what: 'alerts, newest first',
    asked: { ...range, ...paging, state: oneOf(ALERT_STATES, 'only alerts in this state', 'firing') },
  },
  { method: 'get', path: '/v1/alerts/{id}', example: '', what: 'one alert', asked: {} },
  {
    method: 'get',
    path: '/v1/alerts/{id}/packet',
    example: '',
    what: 'what LLMGrid support needs of an alert: minutes, causes, names; no text of any line',
    asked: {},
  },
  {
    method: 'get',
    path: '/v1/causes',
    example: '',
    what: 'the catalogue of causes with their remediation',
    asked: {},
  },
  { method: 'get', path: '/v1/causes/{id}', example: '', what: 'one cause', asked: {} },
  {
    method: 'get',
    path: '/v1/silences',
    example: '?state=active',
    what: 'silences, newest first',
    asked: { ...paging, state: oneOf(SILENCE_STATES, 'only silences in this state', 'active') },
  },
  { method: 'post', path: '/v1/silences', example: '', what: 'ask not to be told for a while', asked: {} },
  { method: 'delete', path: '/v1/silences/{id}', example: '', what: 'end a silence now', asked: {} },
  {
    method: 'get',
    path: '/v1/health',
    example: '',
    what: 'is every log event accounted for, how much has a name, and how far is evaluation',
    asked: range,
  },
  { method: 'get', path: '/v1/openapi.json', example: '', what: 'this API as an OpenAPI document', asked: {} },
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];
export type Path = Endpoint['path'];
type EndpointAt<M extends Endpoint['method'], P extends Path> = Extract<Endpoint, { method: M; path: P }>;
export type Query<M extends Endpoint['method'], P extends Path> = Asked<EndpointAt<M, P>['asked']>;

/** What a silence is asked for with. */
const future = z.refine<string>((text) => parseTime(text, 0) !== null, 'must be an ISO time, or relative such as +2h');
const silenced = about(z.strictObject(Object.fromEntries(FILTERS.map((field) => [field, z.optional(z.string())]))), {
  description: 'what is silenced: all that is given must fit; {} is everything',
});
export const newSilence = about(
  z.strictObject({
    filters: silenced,
    reason: about(z.string(), { description: 'why, for the others', examples: ['load test'] }),
    until: about(z.string().check(future), {
      description: 'when it ends: an ISO time or relative such as +2h; at most 30 days ahead',
      examples: ['+2h'],
    }),
    from: about(z.optional(z.string().check(future)), {
      description: 'when it begins; now without it',
      examples: ['now'],
    }),
    by: about(z.optional(z.string()), { description: 'who asks', examples: ['mia'] }),
  }),
  {
    description: 'a silence to add',
    examples: [{ filters: { model: 'gpt-4o' }, reason: 'load test', until: '+2h', by: 'mia' }],
  },
);

export interface BadParameter {
  readonly parameter: string;
  readonly detail: string;
  readonly allowed?: readonly string[];
  /** What was perhaps meant. */
  readonly suggestion?: string;
}

export type Read<T> = { readonly query: T } | { readonly errors: readonly BadParameter[] };

/** `asked` of an endpoint, read; times become milliseconds. */
export function readQuery<S extends Shape>(params: URLSearchParams, asked: S, nowMs: number): Read<Asked<S>> {
  // Several `by` are one list; any other name given twice is a mistake that must not be settled by chance.
  const names = [...new Set(params.keys())];
  const allowed = Object.keys(asked);
  const twice = names.filter((given) => given !== 'by' && params.getAll(given).length > 1);
  const known = names.filter((given) => allowed.includes(given));
  const given = new Map(known.map((field) => [field, params.getAll(field).join(',')]));
  const read = z.strictObject(asked).safeParse(Object.fromEntries(given));
  const timeOf = (field: string) =>
    given.has(field) ? (parseTime(given.get(field) ?? '', nowMs) ?? undefined) : undefined;
  const times = { from: timeOf('from'), to: timeOf('to') };
  const errors = [
    ...names.filter((field) => !allowed.includes(field)).map((field) => unknownParameter(field, allowed)),
    ...twice.map((field) => bad(field, 'is given more than once')),
    ...(read.error?.issues ?? [])
      .filter(({ path }) => !twice.includes(String(path[0])))
      .map((issue) => badValue(issue, given.get(String(issue.path[0])) ?? '')),
    ...(read.success ? badRange(times, nowMs) : []),
  ];
  // The object has the fields of `asked`, and of these only times are replaced.
  return read.success && errors.length === 0 ? { query: { ...read.data, ...times } as Asked<S> } : { errors };
}

/** The body of a request, read; a problem names the field it is in. */
export function readBody<T>(text: string, schema: z.ZodMiniType<T>): Read<T> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { errors: [bad('body', 'must be JSON')] };
  }
  const read = schema.safeParse(body);
  if (read.success) return { query: read.data };
  return {
    errors: read.error.issues.flatMap((issue) => {
      const field = issue.path.join('.') || 'body';
      if (issue.code !== 'unrecognized_keys') return [bad(field, wordsOf(issue))];
      const known = field === 'filters' ? FILTERS : Object.keys(newSilence.def.shape);
      return issue.keys.map((key) => unknownParameter(key, known));
    }),
  };
}

const wordsOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type'
    ? `must be ${issue.expected === 'object' ? 'a JSON object' : `a ${issue.expected}`}`
    : issue.message;

export const bad = (parameter: string, detail: string, more: Partial<BadParameter> = {}): BadParameter => ({
  parameter,
  detail: `${parameter} ${detail}.`,
  ...more,
});

function unknownParameter(given: string, allowed: readonly string[]): BadParameter {
  const meant = nearest(given, allowed);
  const detail = `is not known here${meant ? ` (perhaps ${meant}?)` : ''}; known are: ${allowed.join(', ') || 'none'}`;
  return bad(given.slice(0, 64), detail, { allowed, ...(meant && { suggestion: meant }) });
}

function badValue(issue: z.core.$ZodIssue, given: string): BadParameter {
  const field = String(issue.path[0]);
  const choices = field === 'by' ? DIMENSIONS : null;
  const allowed: readonly string[] | null = issue.code === 'invalid_value' ? issue.values.map(String) : choices;
  if (allowed === null) return bad(field, issue.message);
  const meant = nearest(given.split(',').find((item) => !allowed.includes(item)) ?? '', allowed);
  return bad(field, `${issue.message}${meant ? ` (perhaps ${meant}?)` : ''}`, {
    allowed,
    ...(meant && { suggestion: meant }),
  });
}

function badRange(times: { from: number | undefined; to: number | undefined }, nowMs: number): BadParameter[] {
  const { from, to = nowMs } = times;
  if (from === undefined) return [];
  if (from >= to) return [bad('from', 'must be before to (which is now unless given)')];
  if (to - from > LONGEST_RANGE_MS)
    return [bad('from', 'must be at most 400 days before to (which is now unless given)')];
  return [];
}
