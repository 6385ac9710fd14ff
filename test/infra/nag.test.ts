import './env.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import { deployed, EVERYTHING, newApp } from './place.ts';

interface Finding {
  readonly ruleName: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
  readonly reason?: string;
}
interface Report {
  readonly pluginName: string;
  readonly violations: readonly Finding[];
  readonly suppressedViolations: readonly Finding[];
}

/** What the three packs find in an app; cdk-nag makes synth throw when something is not acknowledged. */
function judged(app: App): Report[] {
  const silent = jest.spyOn(console, 'error').mockImplementation(() => {});
  Validations.of(app).addPlugins(new AwsSolutionsChecks(), new ServerlessChecks(), new NIST80053R5Checks());
  try {
    app.synth();
  } catch {
    // The report tells more than the exception.
  }
  silent.mockRestore();
  return JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')).pluginReports;
}

const PACKS = ['AwsSolutions', 'NIST.800.53.R5', 'Serverless'];
const open = (reports: readonly Report[]) =>
  reports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );

describe.each([
  ['every channel', EVERYTHING],
  ['e-mail only', { logGroups: '/app/a', email: 'a@example.com' }],
  ['the account policy', { via: 'account-policy', email: 'a@example.com' }],
])('cdk-nag on a deployment with %s', (_what, settings) => {
  const app = newApp();
  deployed(settings, app);
  const reports = judged(app);

  test.each(PACKS)('%s has no finding that is not acknowledged', (pack) => {
    const ofPack = reports.filter(({ pluginName }) => pluginName === pack);
    expect(ofPack).toHaveLength(1);
    expect(open(ofPack)).toEqual([]);
  });

  test('every acknowledgement has a reason a person can judge', () => {
    const acknowledged = reports.flatMap(({ suppressedViolations }) => suppressedViolations);
    expect(acknowledged.length).toBeGreaterThan(10);
    for (const { reason } of acknowledged) expect(reason).toMatch(/^[A-Z].{40,}\.$/);
  });

  test('nothing about access is acknowledged but keys below two prefixes of our bucket', () => {
    const rules = reports.flatMap(({ suppressedViolations }) => suppressedViolations.map(({ ruleName }) => ruleName));
    expect([...new Set(rules.filter((rule) => /IAM[45]|Public|Auth|Encrypt|SSL|KMS/.test(rule)))].sort()).toEqual([
      expect.stringMatching(
        /^AwsSolutions-IAM5\[Resource::<GridwatchQuarantine[0-9A-F]{8}\.Arn>\/aws\/lambda\/async\/\*\]$/,
      ),
      expect.stringMatching(/^AwsSolutions-IAM5\[Resource::<GridwatchQuarantine[0-9A-F]{8}\.Arn>\/quarantine\/\*\]$/),
    ]);
  });
});

test('the packs do find something where there is something', () => {
  const app = newApp();
  new s3.Bucket(new Stack(app, 'Careless'), 'Open');
  expect(open(judged(app)).length).toBeGreaterThan(3);
});
