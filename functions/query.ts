/** The dashboard and the query API behind a Function URL. IAM has checked the caller; it writes silences only. */
import { join } from 'node:path';
import { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import packageJson from '../package.json' with { type: 'json' };
import { queryApi } from '../shared/api.ts';
import type { Store } from '../shared/ports.ts';
import { routeOf, unavailable } from './aws/http.ts';
import { errorFacts, type Handler, invoked } from './aws/invocation.ts';
import { once } from './aws/once.ts';
import { store } from './aws/world.ts';
import { withDashboard } from './dashboard/serve.ts';

export type QueryAnswer = Awaited<ReturnType<ReturnType<typeof handle>>>;

export const queryHandler = (
  made: () => { readonly store: Store; readonly now: () => number },
): Handler<LambdaEvent, QueryAnswer> => {
  const page = join(import.meta.dirname, 'page');
  const api = once(() => withDashboard(page, queryApi({ ...made(), version: packageJson.version })));
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

export const handler = queryHandler(() => ({ store: store(), now: Date.now }));
