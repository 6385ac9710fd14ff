/** The query API behind a Function URL. IAM has checked the caller before this runs, and the API only reads. */
import { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import packageJson from '../package.json' with { type: 'json' };
import { ENDPOINTS, queryApi } from '../shared/api.ts';
import type { Store } from '../shared/ports.ts';
import { errorFacts, type Handler, invoked } from './aws/invocation.ts';
import { once } from './aws/once.ts';
import { store } from './aws/world.ts';

export type QueryAnswer = Awaited<ReturnType<ReturnType<typeof handle>>>;

export const queryHandler = (
  made: () => { readonly store: Store; readonly now: () => number },
): Handler<LambdaEvent, QueryAnswer> => {
  const api = once(() => queryApi({ ...made(), version: packageJson.version }));
  return invoked(async (event, { note, measure }, context) => {
    const app = new Hono();
    app.all('*', (c) => api()(c.req.raw));
    app.onError((error) => {
      note(errorFacts(error));
      measure('QueryErrors', 1);
      return unavailable();
    });
    const answer = await handle(app)(event, context as unknown as LambdaContext);
    note({ route: routeOf(event), status: answer.statusCode, bytes: answer.body.length });
    return answer;
  });
};

/** What was asked for as one of our own paths: whatever else the caller wrote does not belong into a log. */
function routeOf(event: LambdaEvent): string {
  const path = 'rawPath' in event ? event.rawPath : '';
  const route = ENDPOINTS.find((endpoint) => new RegExp(`^${endpoint.path.replace('{id}', '[^/]+')}/?$`).test(path));
  return route?.path ?? 'other';
}

function unavailable(): Response {
  const detail = 'The figures could not be read; the log of this function says why. Ask again in a minute.';
  const body = JSON.stringify({ type: 'about:blank', title: 'Service unavailable', status: 503, detail });
  return new Response(body, {
    status: 503,
    headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '60' },
  });
}

export const handler = queryHandler(() => ({ store: store(), now: Date.now }));
