/**
 * The query API: a Request in, a Response out, over a store. The same app answers behind the function URL and on 127.0.0.1.
 * What may be asked is in `query.ts`. It writes silences only. A store that cannot be read throws, for the host to log and
 * answer. No CORS: a page of another origin must not read the figures, nor silence anything.
 */
import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import * as z from 'zod/mini';
import type { Alert } from './alert.ts';
import { CAUSES, causeById } from './causes.ts';
import { alertsCsv, seriesCsv, silencesCsv, summaryCsv } from './csv.ts';
import { healthOf } from './health.ts';
import { DETECTOR_KEY } from './judge.ts';
import { nearest } from './nearest.ts';
import { keyOf } from './open-alerts.ts';
import { openApi } from './open-api.ts';
import { packetOf, rangeOfPacket } from './packet.ts';
import { badCursor, pageOf } from './page.ts';
import type { Store } from './ports.ts';
import { badParameters, forbidden, methodNotAllowed, notFound, tooLarge, wrongType } from './problem.ts';
import {
  type BadParameter,
  bad,
  CAUSE_IDS,
  ENDPOINTS,
  type Endpoint,
  newSilence,
  type Path,
  type Query,
  readBody,
  readQuery,
} from './query.ts';
import * as time from './range.ts';
import { defaultRange, readRollUps } from './reading.ts';
import { alertIn, shownAlert, shownSilence, silenceIn } from './shown.ts';
import { addSilence, endSilence, silenceProblems } from './silence.ts';
import { type Dimension, freshness, series, summarise } from './summary.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly version: string;
  /** Further paths its host answers; a 404 names them beside these. */
  readonly openPaths?: readonly string[];
}

type Answer = Response | Promise<Response>;

const NEVER_MS = Number.POSITIVE_INFINITY;
const MOST_BODY = 10_000;
const BY_CAUSE: readonly Dimension[] = ['cause'];

export function queryApi({ store, now, version, openPaths = [] }: ApiOptions): (request: Request) => Promise<Response> {
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
  });

  const on = <M extends Endpoint['method'], P extends Path>(
    method: M,
    path: P,
    answer: (query: Query<M, P>, c: Context) => Answer,
  ) => {
    const endpoint = ENDPOINTS.find((one) => one.method === method && one.path === path);
    app.on(method.toUpperCase(), path.replace('{id}', ':id'), async (c) => {
      if (method !== 'get' && !isOfThisPage(c.req.raw)) return forbidden();
      const read = readQuery(new URL(c.req.url).searchParams, endpoint?.asked ?? {}, now());
      // `asked` is that of this method and path, which the type cannot follow through the table.
      return 'errors' in read ? badParameters(read.errors) : answer(read.query as Query<M, P>, c);
    });
  };

  on('get', '/v1/summary', async ({ from, to, by = BY_CAUSE, top, step, ...filters }, c) => {
    const { fromMs, toMs } = time.widen(await rangeOf(from, to));
    const problem = stepProblem(step, { fromMs, toMs });
    if (problem !== null) return badParameters([problem]);
    const stepMs = time.STEPS.get(step ?? '');
    const rollUps = await readRollUps(
      store,
      fromMs,
      toMs,
      stepMs === undefined ? undefined : time.granularityOf(stepMs),
    );
    const summary = summarise(rollUps, { fromMs, toMs, by, filters, top, stepMs, asOfMs: now() });
    return shown(c, summary, () => summaryCsv(summary));
  });

  on('get', '/v1/series', async ({ from, to, by = [], top, step, ...filters }, c) => {
    const range = await rangeOf(from, to);
    const problem = stepProblem(step, range);
    if (problem !== null) return badParameters([problem]);
    const stepMs = time.STEPS.get(step ?? '') ?? time.usualStep(range);
    const { fromMs, toMs } = time.alignRange(range, stepMs);
    const rollUps = await readRollUps(store, fromMs, toMs, time.granularityOf(stepMs));
    const points = series(rollUps, { fromMs, toMs, stepMs, by, filters, top, asOfMs: now() });
    const answer = {
      ...{ from: time.iso(fromMs), to: time.iso(toMs), step: time.stepName(stepMs), by },
      ...{ freshness: freshness(rollUps, now()), points },
    };
    return shown(c, answer, () => seriesCsv(by, points));
  });

  on('get', '/v1/alerts', async ({ state, from = 0, to = NEVER_MS, ...paging }, c) => {
    const documents = await store.list('alert/');
    const alerts = documents.flatMap(({ value }) => alertIn(value) ?? []);
    const wanted = alerts
      .filter((alert) => state === undefined || alert.state === state)
      .filter((alert) => alert.sinceMs < to && (alert.resolvedMs ?? NEVER_MS) >= from);
    const page = pageOf(wanted, ({ sinceMs, id }) => ({ atMs: sinceMs, id }), paging);
    if (page === null) return badParameters(badCursor());
    const answer = {
      ...{ alerts: page.items.map(shownAlert), next: page.next, freshness: await judgedTo() },
      unreadable: documents.length - alerts.length,
    };
    return shown(c, answer, () => alertsCsv(answer.alerts));
  });

  on('get', '/v1/alerts/{id}', async (_, c) => {
    const alert = await alertOf(c);
    return alert === null ? noAlert() : c.json({ ...shownAlert(alert), freshness: await judgedTo() });
  });

  on('get', '/v1/alerts/{id}/packet', async (_, c) => {
    const alert = await alertOf(c);
    if (alert === null) return noAlert();
    const { fromMs, toMs } = rangeOfPacket(alert);
    const packet = packetOf(alert, await store.rollUps('minute', fromMs, toMs));
    return c.json({ ...packet, freshness: await judgedTo() });
  });

  on('get', '/v1/causes', (_, c) => c.json({ causes: CAUSES }));

  on('get', '/v1/causes/{id}', (_, c) => {
    const id = c.req.param('id') ?? '';
    const cause = causeById(id);
    if (cause) return c.json(cause);
    const meant = nearest(id.slice(0, 64), CAUSE_IDS);
    return notFound('cause', `${meant ? `Perhaps ${meant}? ` : ''}The causes are ${CAUSE_IDS.join(', ')}.`, CAUSE_IDS);
  });

  on('get', '/v1/silences', async ({ state, ...paging }, c) => {
    const documents = await store.list('silence/');
    const known = documents.flatMap(({ value }) => silenceIn(value) ?? []);
    const wanted = known
      .map((silence) => ({ ...shownSilence(silence, now()), atMs: silence.createdMs }))
      .filter((silence) => state === undefined || silence.state === state);
    const page = pageOf(wanted, ({ atMs, id }) => ({ atMs, id }), paging);
    if (page === null) return badParameters(badCursor());
    const silences = page.items.map(({ atMs: _, ...silence }) => silence);
    const answer = {
      silences,
      next: page.next,
      freshness: time.iso(now()),
      unreadable: documents.length - known.length,
    };
    return shown(c, answer, () => silencesCsv(silences));
  });

  on('post', '/v1/silences', async (_, c) => {
    // A page elsewhere may send a form or plain text here without being asked for leave; JSON it may not.
    if (!isJson(c.req.raw)) return wrongType('application/json');
    const text = await c.req.text();
    if (text.length > MOST_BODY) return tooLarge(MOST_BODY);
    const body = readBody(text, newSilence);
    if ('errors' in body) return badParameters(body.errors);
    const nowMs = now();
    const { filters, reason, from = 'now', until, by = null } = body.query;
    const momentOf = (written: string) => time.parseTime(written, nowMs) ?? Number.NaN;
    const asked = { filters, reason, by, fromMs: momentOf(from), untilMs: momentOf(until) };
    const problems = silenceProblems(asked, nowMs);
    if (problems.length > 0) return badParameters(problems);
    const silence = shownSilence(await addSilence(store, asked, nowMs), nowMs);
    return c.json(silence, 201, { Location: `/v1/silences/${silence.id}` });
  });

  on('delete', '/v1/silences/{id}', async (_, c) => {
    const silence = await endSilence(store, c.req.param('id') ?? '', now());
    if (silence === null) return notFound('silence', 'GET /v1/silences lists the silences there are.');
    return c.json(shownSilence(silence, now()));
  });

  on('get', '/v1/health', async ({ from, to }, c) => {
    const judgedMs = await judged();
    const range = time.widen(await rangeOf(from, to, judgedMs));
    const rollUps = await readRollUps(store, range.fromMs, range.toMs);
    const dirtyWindows = (await store.dirty()).length;
    const health = healthOf(rollUps, { ...range, judgedMs, nowMs: now() });
    return c.json({ ...health, freshness: freshness(rollUps, now()), dirtyWindows, version });
  });

  on('get', '/v1/openapi.json', (_, c) => c.json(openApi(version)));

  for (const path of new Set(ENDPOINTS.map((endpoint) => endpoint.path)))
    app.all(path.replace('{id}', ':id'), (c) => methodNotAllowed(c.req.method, methodsOf(path)));

  const paths = [...new Set([...openPaths, ...ENDPOINTS.map(({ path }) => path)])];
  app.notFound((c) => {
    const meant = nearest(c.req.path.slice(0, 64), paths);
    return notFound('path', `${meant ? `Perhaps ${meant}? ` : ''}The paths are ${paths.join(', ')}.`, paths);
  });
  app.onError((error) => {
    throw error;
  });
  return async (request) => app.fetch(request);

  async function alertOf(c: Context): Promise<Alert | null> {
    return alertIn((await store.load(keyOf(c.req.param('id') ?? '')))?.value);
  }

  /** Every minute before this has been judged; null before the first. */
  async function judged(): Promise<number | null> {
    return detectorDocument.safeParse((await store.load(DETECTOR_KEY))?.value).data?.evaluatedMs ?? null;
  }

  async function judgedTo(): Promise<string | null> {
    const ms = await judged();
    return ms === null ? null : time.iso(ms);
  }

  async function rangeOf(from?: number, to?: number, judgedMs?: number | null): Promise<time.Range> {
    if (from === undefined && to === undefined) {
      return defaultRange(store, now(), judgedMs === undefined ? await judged() : judgedMs);
    }
    const toMs = to ?? now();
    return time.alignRange({ fromMs: from ?? toMs - 24 * 60 * 60_000, toMs });
  }
}

const detectorDocument = z.object({ evaluatedMs: z.number() });

/** Short steps of a long range are too many to be read in a moment. */
function stepProblem(step: string | undefined, range: time.Range): BadParameter | null {
  const allowed = time.stepsFor(range);
  if (step === undefined || allowed.includes(step)) return null;
  return bad('step', `must be at least ${allowed[0]} for this range; allowed are: ${allowed.join(', ')}`, { allowed });
}

const noAlert = () => notFound('alert', 'GET /v1/alerts lists the alerts there are.');

const methodsOf = (path: Path): string[] =>
  ENDPOINTS.filter((one) => one.path === path).flatMap(({ method }) =>
    method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );

/** JSON unless CSV is preferred. */
function shown(c: Context, answer: object, asCsv: () => string): Response {
  const [json, csv] = ['application/json', 'text/csv'];
  c.header('Vary', 'Accept');
  if (accepts(c, { header: 'Accept', supports: [json, csv], default: json }) === json) return c.json(answer);
  return c.body(asCsv(), 200, { 'Content-Type': `${csv}; charset=utf-8; header=present` });
}

export const isJson = (request: Request): boolean =>
  /^application\/json\s*(?:;|$)/i.test(request.headers.get('Content-Type') ?? '');

/** Not a page of another origin: browsers always say of which page a writing request is; other programs say nothing. */
export function isOfThisPage(request: Request): boolean {
  const origin = request.headers.get('Origin');
  const site = request.headers.get('Sec-Fetch-Site');
  const isOwn = origin === null || origin === new URL(request.url).origin;
  return isOwn && (site === null || site === 'same-origin' || site === 'none');
}
