/**
 * The query API: a Request in, a Response out, over a store. The same app answers behind the function URL and on 127.0.0.1.
 * It reads only. Input that cannot be used is answered with every problem in it and with what is allowed (RFC 9457); a store
 * that cannot be read throws, for the host to log and answer. No CORS: a page of another origin must not read the figures.
 */
import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import * as z from 'zod/mini';
import type { Alert } from './alert.ts';
import { CAUSES, type Category, causeById } from './causes.ts';
import { coverageOf } from './coverage.ts';
import { DETECTOR_KEY } from './judge.ts';
import type { Store } from './ports.ts';
import * as time from './range.ts';
import { DIMENSIONS, type Dimension, newestMinuteOf, series, summarise, toCsv } from './summary.ts';
import { MINUTE_MS, type RollUp, sumByName } from './window.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly version: string;
  /** Further paths its host answers; a 404 names them beside these. */
  readonly openPaths?: readonly string[];
}

/** Every endpoint with an example of its parameters. */
export const ENDPOINTS = [
  {
    path: '/v1/summary',
    example: '?from=-1h&by=cause,model',
    what: 'failures of a range, by cause or other dimensions',
  },
  { path: '/v1/series', example: '?from=-6h&step=5m&by=cause', what: 'calls and failures over time' },
  { path: '/v1/alerts', example: '?state=firing', what: 'alerts, newest first' },
  { path: '/v1/alerts/{id}', example: '', what: 'one alert' },
  { path: '/v1/causes', example: '', what: 'the catalogue of causes with their remediation' },
  { path: '/v1/causes/{id}', example: '', what: 'one cause' },
  { path: '/v1/health', example: '', what: 'is every log event accounted for, and how far is evaluation' },
] as const;

const MAX_RANGE_MS = 400 * time.DAY_MS;
const MAX_POINTS = 2000;
/** Without a step asked for, a series has at most so many points, where a step allows it. */
const USUAL_POINTS = 300;
const STEPS: ReadonlyMap<string, number> = new Map([
  ...[1, 5, 10, 15, 30].map((n) => [`${n}m`, n * MINUTE_MS] as const),
  ...[1, 3, 6, 12].map((n) => [`${n}h`, n * time.HOUR_MS] as const),
  ['1d', time.DAY_MS],
]);
const STATES = ['pending', 'firing', 'resolved'] as const satisfies readonly Alert['state'][];
const CATEGORIES = ['request', 'throttle', 'transient', 'connection'] as const satisfies readonly Category[];
const CAUSE_IDS = CAUSES.map(({ id }) => id);
const BY_CAUSE: readonly Dimension[] = ['cause'];
const NEVER_MS = Number.POSITIVE_INFINITY;

export function queryApi({ store, now, version, openPaths = [] }: ApiOptions): (request: Request) => Promise<Response> {
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
  });
  const get = <S extends Shape>(path: string, shape: ShapeAt<S>, answer: (query: Read<S>, c: Context) => Answer) => {
    app.get(path, async (c) => {
      const { query, errors } = readQuery(new URL(c.req.url).searchParams, shape(now()), now());
      return query === null ? badParameters(errors) : answer(query, c);
    });
    app.all(path, (c) => methodNotAllowed(c.req.method));
  };

  get('/v1/summary', tableShape, async ({ from, to, by = BY_CAUSE, top, ...filters }, c) => {
    const { fromMs, toMs } = await rangeOf(from, to);
    const rollUps = await time.readRollUps(store, fromMs, toMs);
    const summary = summarise(rollUps, { fromMs, toMs, by, filters, top, asOfMs: now() });
    const [json, csv] = ['application/json', 'text/csv'];
    c.header('Vary', 'Accept');
    if (accepts(c, { header: 'Accept', supports: [json, csv], default: json }) === json) return c.json(summary);
    return c.body(toCsv(summary), 200, { 'Content-Type': `${csv}; charset=utf-8; header=present` });
  });

  get('/v1/series', seriesShape, async ({ from, to, by = [], top, step, ...filters }, c) => {
    const asked = await rangeOf(from, to);
    const stepMs = step ?? usualStep(asked);
    const { fromMs, toMs } = time.alignRange(asked, stepMs);
    if (toMs - fromMs > MAX_POINTS * stepMs) return badParameters([tooShort(asked)]);
    const coarsest = stepMs % time.DAY_MS === 0 ? 'day' : stepMs % time.HOUR_MS === 0 ? 'hour' : 'minute';
    const rollUps = await time.readRollUps(store, fromMs, toMs, coarsest);
    const points = series(rollUps, { fromMs, toMs, stepMs, by, filters, top });
    return c.json({ from: time.iso(fromMs), to: time.iso(toMs), step: stepName(stepMs), by, points });
  });

  get('/v1/alerts', alertsShape, async ({ state, from = 0, to = NEVER_MS }, c) => {
    const documents = await store.list('alert/');
    const alerts = documents.map(({ value }) => alertDocument.safeParse(value)).flatMap(({ data }) => data ?? []);
    const wanted = alerts
      .filter((alert) => state === undefined || alert.state === state)
      .filter((alert) => alert.sinceMs < to && (alert.resolvedMs ?? NEVER_MS) >= from)
      .sort((a, b) => b.sinceMs - a.sinceMs || (a.id < b.id ? -1 : 1));
    return c.json({ alerts: wanted.map(shownAlert), unreadable: documents.length - alerts.length });
  });

  get('/v1/alerts/:id', noShape, async (_, c) => {
    const { data } = alertDocument.safeParse((await store.load(`alert/${c.req.param('id')}`))?.value);
    return data ? c.json(shownAlert(data)) : notFound('alert', 'GET /v1/alerts lists the alerts there are.');
  });

  get('/v1/causes', noShape, (_, c) => c.json({ causes: CAUSES }));

  get('/v1/causes/:id', noShape, (_, c) => {
    const cause = causeById(c.req.param('id') ?? '');
    return cause ? c.json(cause) : notFound('cause', `The causes are ${CAUSE_IDS.join(', ')}.`, CAUSE_IDS);
  });

  get('/v1/health', noShape, async (_, c) => {
    const rollUps = await time.readRollUps(store, 0, now() + time.DAY_MS);
    const { data } = detectorDocument.safeParse((await store.load(DETECTOR_KEY))?.value);
    const dirtyWindows = (await store.dirty()).length;
    return c.json({ ...health(rollUps, data?.evaluatedMs ?? null, now()), dirtyWindows, version });
  });

  const paths = [...openPaths, ...ENDPOINTS.map(({ path }) => path)];
  app.notFound(() => notFound('path', `The paths are ${paths.join(', ')}.`, paths));
  app.onError((error) => {
    throw error;
  });
  return async (request) => app.fetch(request);

  async function rangeOf(from: number | undefined, to: number | undefined): Promise<time.Range> {
    if (from === undefined && to === undefined) return time.defaultRange(store, now());
    const toMs = to ?? now();
    return time.alignRange({ fromMs: from ?? toMs - time.DAY_MS, toMs });
  }
}

// What may be asked. `read` answers undefined for a text it does not know; `must` says what it knows.

type Answer = Response | Promise<Response>;
type Shape = Readonly<Record<string, z.ZodMiniType>>;
type ShapeAt<S extends Shape> = (nowMs: number) => S;
type Read<S extends Shape> = z.output<z.ZodMiniObject<S, z.core.$strict>>;

const param = <T>(must: string, read: (text: string) => T | undefined, allowed?: readonly string[]) =>
  z.optional(
    z.pipe(
      z.string(),
      z.transform((text: string, { issues }): T => {
        const value = read(text);
        if (value === undefined)
          issues.push({ code: 'custom', input: text, message: `must be ${must}`, params: { allowed } });
        return value ?? z.NEVER;
      }),
    ),
  );

const oneOf = <T extends string>(values: readonly T[]) =>
  param(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text), values);
const listOf = <T extends string>(values: readonly T[]) =>
  param(
    `one or several of ${values.join(', ')}, with commas between`,
    (text) => {
      const found = text.split(',').map((item) => values.find((value) => value === item.trim()));
      return found.every((value) => value !== undefined) ? [...new Set(found)] : undefined;
    },
    values,
  );
const text = param('at most 256 characters', (value) => (value.length <= 256 ? value : undefined));

const noShape = () => ({});
const rangeShape = (nowMs: number) => {
  const moment = param(time.TIME_FORMS, (value) => time.parseTime(value, nowMs) ?? undefined);
  return { from: moment, to: moment };
};
const tableShape = (nowMs: number) => ({
  ...rangeShape(nowMs),
  by: listOf(DIMENSIONS),
  top: param('a whole number from 1 to 1000', (value) =>
    /^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= 1000 ? Number(value) : undefined,
  ),
  cause: oneOf(CAUSE_IDS),
  category: oneOf(CATEGORIES),
  status: param('a status from 100 to 599, or empty for none', (value) =>
    /^([1-5]\d\d)?$/.test(value) ? value : undefined,
  ),
  ...{ model: text, provider: text, tenant: text, project: text, key: text, logGroup: text },
});
const seriesShape = (nowMs: number) => ({
  ...tableShape(nowMs),
  step: param(`one of ${[...STEPS.keys()].join(', ')}`, (value) => STEPS.get(value), [...STEPS.keys()]),
});
const alertsShape = (nowMs: number) => ({ ...rangeShape(nowMs), state: oneOf(STATES) });

interface BadParameter {
  readonly parameter: string;
  readonly detail: string;
  readonly allowed?: unknown;
}

function readQuery<S extends Shape>(params: URLSearchParams, shape: S, nowMs: number) {
  // Several `by` are one list; any other name given twice is a mistake that must not be settled by chance.
  const names = [...new Set(params.keys())];
  const allowed = Object.keys(shape);
  const unknown = names.filter((name) => !allowed.includes(name));
  const twice = names.filter((name) => name !== 'by' && params.getAll(name).length > 1);
  const known = names.filter((name) => allowed.includes(name));
  const read = z
    .strictObject(shape)
    .safeParse(Object.fromEntries(known.map((name) => [name, params.getAll(name).join(',')])));
  const list = allowed.join(', ') || 'none';
  const errors: BadParameter[] = [
    ...unknown.map((name) => bad(name.slice(0, 64), `is not known here; known are: ${list}`, allowed)),
    ...twice.map((name) => bad(name, 'is given more than once')),
    ...(read.error?.issues ?? [])
      .filter(({ path }) => !twice.includes(String(path[0])))
      .map((issue) => bad(String(issue.path[0]), issue.message, 'params' in issue ? issue.params?.['allowed'] : null)),
    ...(read.success ? badRange(read.data, nowMs) : []),
  ];
  return read.success && errors.length === 0 ? { query: read.data, errors } : { query: null, errors };
}

const bad = (parameter: string, detail: string, allowed?: unknown): BadParameter => ({
  parameter,
  detail: `${parameter} ${detail}.`,
  ...(allowed ? { allowed } : {}),
});

const givenRange = z.object({ from: z.optional(z.number()), to: z.optional(z.number()) });

function badRange(query: unknown, nowMs: number): BadParameter[] {
  const { from, to = nowMs } = givenRange.parse(query);
  if (from === undefined) return [];
  if (from >= to) return [bad('from', 'must be before to (which is now unless given)')];
  if (to - from > MAX_RANGE_MS) return [bad('from', 'must be at most 400 days before to (which is now unless given)')];
  return [];
}

const usualStep = ({ fromMs, toMs }: time.Range): number =>
  [...STEPS.values()].find((stepMs) => toMs - fromMs <= USUAL_POINTS * stepMs) ?? time.DAY_MS;
const stepName = (stepMs: number) => [...STEPS].find(([, ms]) => ms === stepMs)?.[0];

function tooShort({ fromMs, toMs }: time.Range): BadParameter {
  const allowed = [...STEPS].filter(([, ms]) => toMs - fromMs <= (MAX_POINTS - 1) * ms).map(([name]) => name);
  return bad('step', `must be at least ${allowed[0]} for this range (at most ${MAX_POINTS} points)`, allowed);
}

// What is answered.

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly [member: string]: unknown;
}

const problem = (body: Problem, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ type: 'about:blank', ...body }), {
    status: body.status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });
const badParameters = (errors: readonly BadParameter[]): Response => {
  const detail = errors.map((error) => error.detail).join(' ');
  return problem({ type: 'urn:gridwatch:bad-parameter', title: 'Bad parameter', status: 400, detail, errors });
};
const notFound = (what: string, detail: string, allowed?: readonly string[]): Response =>
  problem({ status: 404, title: `No such ${what}`, detail, ...(allowed && { allowed }) });
const methodNotAllowed = (method: string): Response => {
  const detail = `${method} is not allowed here; GET and HEAD are.`;
  return problem({ status: 405, title: 'Method not allowed', detail }, { Allow: 'GET, HEAD' });
};

const detectorDocument = z.object({ evaluatedMs: z.number() });
const alertFields = z.looseObject({
  ...{ id: z.string(), state: z.enum(STATES), sinceMs: z.number(), evaluatedMs: z.number() },
  ...{ firedMs: z.nullable(z.number()), resolvedMs: z.nullable(z.number()), lastNotifiedMs: z.nullable(z.number()) },
  untilMs: z.optional(z.number()),
});
const alertDocument = z.custom<Alert>((value) => alertFields.safeParse(value).success);

/** Without what only judging and sending need; times as ISO. */
export function shownAlert({ outbox: _, notifiedRate: __, widest: ___, ...alert }: Alert) {
  const { sinceMs, untilMs = null, firedMs, resolvedMs, evaluatedMs, lastNotifiedMs, history, ...rest } = alert;
  const { firstSeenMs, times, backAfterMs } = history ?? {};
  const isoOrNull = (ms: number | null) => (ms === null ? null : time.iso(ms));
  return {
    ...rest,
    ...{ since: time.iso(sinceMs), until: isoOrNull(untilMs), fired: isoOrNull(firedMs) },
    ...{ resolved: isoOrNull(resolvedMs), evaluated: time.iso(evaluatedMs), lastNotified: isoOrNull(lastNotifiedMs) },
    ...(history && {
      firstSeen: isoOrNull(firstSeenMs ?? null),
      times,
      backAfterSeconds: backAfterMs == null ? null : backAfterMs / 1000,
    }),
  };
}

/** Evaluation waits a little for late events; this far behind the newest data it is not waiting but stuck. */
const BEHIND_MS = 10 * MINUTE_MS;

function health(rollUps: readonly RollUp[], evaluatedMs: number | null, nowMs: number) {
  const none = { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 };
  const law = { ...none, ...sumByName(rollUps.map(({ totals }) => ({ ...totals }))) };
  const holds = law.received === law.counted + law.notCall + law.malformed + law.tooLate;
  const newestMs = newestMinuteOf(rollUps);
  const behindMs = newestMs === null ? 0 : Math.max(0, newestMs - (evaluatedMs ?? 0));
  const status = !holds ? 'law-broken' : newestMs === null ? 'no-data' : behindMs > BEHIND_MS ? 'behind' : 'ok';
  return {
    status,
    law: { ...law, holds },
    skipped: sumByName(rollUps.map(({ skipped }) => skipped)),
    coverage: coverageOf(rollUps),
    lag: {
      evaluatedTo: evaluatedMs === null ? null : time.iso(evaluatedMs),
      newest: newestMs === null ? null : time.iso(newestMs),
      behindSeconds: evaluatedMs === null ? null : behindMs / 1000,
      sinceNewestSeconds: newestMs === null ? null : Math.max(0, Math.round((nowMs - newestMs) / 1000)),
    },
  };
}
