/**
 * Ten incidents as log lines: four applications call LLMGrid for three quarters of an hour, then something goes wrong for
 * some minutes. Lines are those of their loggers, minute by minute, as a log group would deliver them; the same bytes each time.
 */

import type { LogBatch } from '../../shared/record.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { type Failure, failure, SUCCESS } from '../fixtures/failures.ts';
import { type Rng, rng } from '../fixtures/rng.ts';
import { type Call, retryable, SHAPES } from '../fixtures/shapes.ts';

/** A weekday, 13:15 UTC; trouble begins at 14:00. */
export const FROM_MS = Date.UTC(2026, 10, 18, 13, 15);
export const TROUBLE_MINUTE = 45;
export const TROUBLE_MS = FROM_MS + TROUBLE_MINUTE * MINUTE_MS;

interface App {
  readonly project: string;
  readonly key: string;
  readonly callsPerMinute: number;
  readonly models: readonly string[];
  readonly retries: boolean;
  /** How it prints a success and a failure. */
  readonly prints: readonly [success: string, failed: string];
}

const CHECKOUT: App = {
  project: 'checkout',
  key: 'checkout-prod',
  callsPerMinute: 36,
  models: ['gpt-4o'],
  retries: true,
  prints: ['llmgrid-call-log', 'llmgrid-call-log'],
};
const SEARCH: App = {
  ...CHECKOUT,
  project: 'search',
  key: 'search-prod',
  callsPerMinute: 24,
  models: ['gpt-4o', 'claude-sonnet-4'],
};
const SUPPORT: App = {
  ...CHECKOUT,
  project: 'support',
  key: 'support-prod',
  callsPerMinute: 20,
  models: ['claude-sonnet-4'],
  retries: false,
  prints: ['pino', 'openai-node-inspect'],
};
const REPORTS: App = {
  ...CHECKOUT,
  project: 'reports',
  key: 'reports-prod',
  callsPerMinute: 8,
  models: ['gpt-4o-mini'],
};
const APPS = [CHECKOUT, SEARCH, SUPPORT, REPORTS];

const providerOf = (model: string): string => (model.startsWith('claude') ? 'anthropic' : 'openai');

/** A call that an application makes, and what is known when it is made. */
interface Asked {
  readonly app: App;
  readonly model: string;
  readonly key: string;
  readonly atMs: number;
  readonly tokens: number;
  /** Minutes since the trouble began; negative before. */
  readonly minute: number;
  /** Calls, and tokens, that got through in this minute before: of this model, and of this application. */
  readonly through: { readonly model: number; readonly tokens: number; readonly app: number };
  readonly random: Rng;
}

export interface Incident {
  readonly name: string;
  /** Calls a minute, prompts and keys of an application, where they change. */
  readonly load?: (
    app: App,
    minute: number,
  ) => Partial<Pick<App, 'callsPerMinute' | 'key' | 'models'>> & { tokens?: number };
  readonly fails: (asked: Asked) => Failure | null;
  /** How another application than usual prints. */
  readonly prints?: (app: App) => App['prints'];
}

const stated = (name: string, from: RegExp, to: string): Failure => {
  const row = failure(name);
  return { ...row, message: row.message.replace(from, to) };
};
const RPM = stated('requests per minute, OpenAI', /Limit 500, Used 500/, 'Limit 70, Used 70');
const TPM = stated('tokens per minute, OpenAI', /Limit 30000, Used 29450/, 'Limit 60000, Used 59450');
const BUDGET: Failure = {
  ...failure('budget of a key'),
  headers: { rate_limit_type: 'budget', reset_at: '2026-11-19 00:00:00 UTC' },
};
const GONE: Failure = {
  ...failure('provider does not know the model'),
  message:
    'litellm.NotFoundError: AnthropicException - model: claude-sonnet-4 does not exist or you do not have access to it.',
  provider: 'anthropic',
  model: 'claude-sonnet-4',
};

export const INCIDENTS: readonly Incident[] = [
  {
    name: 'rpm-burst',
    load: (app, minute) => (app === CHECKOUT && minute >= 0 ? { callsPerMinute: 95 } : {}),
    fails: ({ minute, model, through }) => (minute >= 0 && model === 'gpt-4o' && through.model >= 70 ? RPM : null),
  },
  {
    name: 'tpm',
    load: (app, minute) => (app === CHECKOUT && minute >= 0 ? { tokens: 3400 } : {}),
    fails: ({ model, through, tokens }) => (model === 'gpt-4o' && through.tokens + tokens > 60_000 ? TPM : null),
  },
  {
    name: 'concurrency',
    load: (app, minute) => (app === REPORTS && minute >= 0 ? { callsPerMinute: 70 } : {}),
    fails: ({ app, minute, through, random }) =>
      app === REPORTS && minute >= 0 && (through.app >= 34 || random.chance(0.1))
        ? failure('parallel requests of a key, gateway')
        : null,
  },
  {
    name: 'key-budget',
    fails: ({ app, minute }) => (app === SUPPORT && minute >= 0 ? BUDGET : null),
  },
  {
    name: 'provider-quota',
    fails: ({ model, minute }) =>
      minute >= 0 && providerOf(model) === 'openai' ? failure('provider account is unpaid') : null,
  },
  {
    name: 'provider-overload',
    fails: ({ model, minute, random }) =>
      minute >= 0 && providerOf(model) === 'anthropic' && random.chance(0.6)
        ? failure('Anthropic overloaded, mapped to 503')
        : null,
  },
  {
    name: 'gateway-down',
    fails: ({ minute, random }) =>
      minute < 0 ? null : failure(random.pick(['connection refused', 'edge page', 'connection refused'])),
  },
  {
    name: 'wrong-key',
    load: (app, minute) => (app === SUPPORT && minute >= 0 ? { key: 'none' } : {}),
    prints: (app) => (app === SUPPORT ? ['litellm-payload', 'litellm-payload'] : app.prints),
    fails: ({ app, minute }) => (app === SUPPORT && minute >= 0 ? failure('key is unknown') : null),
  },
  {
    name: 'model-removed',
    fails: ({ model, minute }) => (minute >= 0 && model === 'claude-sonnet-4' ? GONE : null),
  },
  {
    name: 'large-prompts',
    load: (app, minute) => (app === CHECKOUT && minute >= 0 ? { tokens: 9000 } : {}),
    fails: ({ app, minute, tokens }) =>
      app === CHECKOUT && minute >= 0 && tokens > 8000 ? failure('read timeout') : null,
  },
];

/** Where a call's lines stand. */
const logGroupOf = ({ project }: App): string => `/app/${project}`;

function callOf(incident: Incident, asked: Asked): Call {
  const { app, model, key, atMs, tokens } = asked;
  const base = {
    atMs,
    model,
    tenant: 'acme',
    project: app.project,
    ...(key === 'none' ? {} : { keyAlias: key }),
    service: app.project,
    requestId: `req-${app.project}-${atMs}`,
  };
  const found = incident.fails(asked);
  if (found === null) {
    const sizes = { promptTokens: Math.round(tokens * 0.8), completionTokens: Math.round(tokens * 0.2) };
    return { ...base, success: { ...SUCCESS, provider: providerOf(model), ...sizes } };
  }
  const own = {
    ...found,
    message: found.message.replace('req_fixture0001', `req_${app.project}${atMs}`),
    provider: found.provider ?? providerOf(model),
  };
  return { ...base, failure: own, attempts: app.retries && retryable(own) ? 3 : 1 };
}

/** The batches of a minute, one for each application. */
export function linesOf(incident: Incident, minuteOfDay: number): LogBatch[] {
  const minute = minuteOfDay - TROUBLE_MINUTE;
  const random = rng(20261118 + minuteOfDay);
  const asked = APPS.flatMap((app, i) => {
    const { callsPerMinute, key, models, tokens = 700 } = { ...app, ...incident.load?.(app, minute) };
    const calls = callsPerMinute + random.int(-2, 2);
    return Array.from({ length: calls }, (_, n) => ({
      app,
      key,
      model: random.pick(models),
      atMs: FROM_MS + minuteOfDay * MINUTE_MS + Math.floor((n * 55_000) / calls) + random.int(0, 400) + i,
      tokens: Math.round(tokens * (0.8 + 0.4 * random.next())),
    }));
  }).sort((a, b) => a.atMs - b.atMs);
  const through = {
    model: new Map<string, number>(),
    tokens: new Map<string, number>(),
    app: new Map<string, number>(),
  };
  const of = (map: Map<string, number>, name: string) => map.get(name) ?? 0;
  const events = new Map<App, { timestamp: number; message: string }[]>();
  for (const one of asked) {
    const sums = {
      model: of(through.model, one.model),
      tokens: of(through.tokens, one.model),
      app: of(through.app, one.app.project),
    };
    const call = callOf(incident, { ...one, minute, through: sums, random });
    if (call.failure === undefined) {
      through.model.set(one.model, sums.model + 1);
      through.tokens.set(one.model, sums.tokens + one.tokens);
      through.app.set(one.app.project, sums.app + 1);
    }
    const [success, failed] = incident.prints?.(one.app) ?? one.app.prints;
    const lines = SHAPES[call.failure === undefined ? success : failed]?.render(call) ?? [];
    events.set(one.app, [
      ...(events.get(one.app) ?? []),
      ...lines.map((message, n) => ({ timestamp: one.atMs + n, message })),
    ]);
  }
  return [...events].map(([app, own]) => ({
    owner: 'local',
    logGroup: logGroupOf(app),
    logStream: 'worker',
    events: own.map((event, n) => ({ ...event, id: `${minuteOfDay}:${n}` })),
  }));
}
