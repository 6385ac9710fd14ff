/** The built function answers a browser: the page lies beside the bundle, and needs neither a table nor a secret. */
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { POLICY } from '../../functions/dashboard/serve.ts';
import { DEFAULT_SETTINGS, toEnv } from '../../shared/settings.ts';
import { type LambdaFunction, startFunction } from './lambda-host.ts';

const BUNDLE = join(import.meta.dirname, '../../dist/functions/query/index.cjs');
const deployment = {
  ...{ tableName: 'none', alertTopicArn: 'arn:alerts', chatTopicArn: null, quarantineBucket: 'none' },
  ...{ saltSecretArn: 'arn:salt', slackSecretArn: null, ownLogGroups: [], allowedOwners: ['123456789012'] },
};

let query: LambdaFunction;
beforeAll(async () => {
  query = await startFunction(BUNDLE, {
    ...toEnv(DEFAULT_SETTINGS, deployment),
    ...{ AWS_REGION: 'us-east-1', POWERTOOLS_METRICS_NAMESPACE: 'gridwatch', POWERTOOLS_SERVICE_NAME: 'E2e' },
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
afterAll(() => query.close());

async function ask(rawPath: string) {
  const outcome = await query.invoke({
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString: '', isBase64Encoded: false },
    headers: { accept: 'text/html', 'accept-encoding': 'gzip' },
    requestContext: { domainName: 'a.lambda-url.us-east-1.on.aws', http: { method: 'GET', path: rawPath } },
  });
  if ('error' in outcome) throw new Error(outcome.error.errorMessage);
  const answer = Object(outcome.answer);
  expect(answer.isBase64Encoded).toBe(true);
  return { answer, body: gunzipSync(Buffer.from(answer.body, 'base64')).toString() };
}

test('the deployed function serves the page, and the files that it names', async () => {
  const { answer, body } = await ask('/');
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-security-policy': POLICY } });
  const names = [...body.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, name]) => name);
  expect(names).toHaveLength(3);
  for (const name of names) {
    const file = await ask(`/${name}`);
    expect([name, file.answer.statusCode, file.body.length > 100]).toEqual([name, 200, true]);
  }
});
