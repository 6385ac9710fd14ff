import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricName as Emitted } from '../../functions/aws/invocation.ts';
import type { MetricName as Watched } from '../../infra/metrics.ts';
import { deployed, EVERYTHING, flat, of, one, ROOT, resourcesOf } from './place.ts';

// tsc refuses this when an alarm watches a metric that no function emits.
const allEmitted: [Exclude<Watched, Emitted>] extends [never] ? true : never = true;

const template = of(deployed(EVERYTHING));
const single = resourcesOf(template, 'AWS::CloudWatch::Alarm');
const PARTS = ['NoEvaluation', 'IngestFails', 'DeliveriesWait', 'IngestThrottled', 'RedriveFails'];
const isPart = (id: string) => PARTS.some((part) => id.startsWith(`Gridwatch${part}`));
const alarms = [...single, ...resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm')];
const alarm = (id: string) => one(template, 'AWS::CloudWatch::Alarm', `Gridwatch${id}`).Properties;
const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
const entries = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) =>
  (heading ?? '').toLowerCase().replaceAll(' ', '-'),
);
const linked = alarms.map(
  ([, { Properties }]) => /docs\/runbook\.md#([a-z-]+)$/.exec(Properties['AlarmDescription'])?.[1],
);

test('with every channel there are as many alarms as the README says', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(/(\d+)\s+alarms, a CloudWatch\s+dashboard/.exec(readme)?.[1]).toBe(`${alarms.length}`);
});

describe('every alarm', () => {
  test.each(alarms.filter(([id]) => !isPart(id)))(
    '%s tells the operations topic when it starts and ends',
    (_id, { Properties }) => {
      for (const actions of [Properties['AlarmActions'], Properties['OKActions']]) {
        expect(actions.map(flat)).toEqual([expect.stringMatching(/^<GridwatchOperations[0-9A-F]{8}>$/)]);
      }
    },
  );

  test.each(alarms)('%s says what to do in an entry of the runbook', (_id, { Properties }) => {
    const [, entry] = /docs\/runbook\.md#([a-z-]+)$/.exec(Properties['AlarmDescription']) ?? [];
    expect(entries).toContain(entry);
  });

  test('has one entry, and every entry has an alarm', () => {
    expect(linked.sort()).toEqual(entries.sort());
  });

  test.each(
    [...runbook.matchAll(/^## (.+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].map(([, heading, body]) => [heading, body]),
  )('the entry "%s" says what it means, where to look and what to do', (_heading, body) => {
    for (const part of ['**Meaning.**', '**Look here.**', '**Do this.**']) expect(body).toContain(part);
  });
});

test('an outage is one message and one recovery: its parts tell through one alarm', () => {
  const parts = single.filter(([id]) => isPart(id));
  expect(parts).toHaveLength(PARTS.length);
  for (const [, { Properties }] of parts) expect(Properties).not.toHaveProperty('AlarmActions');
  const { AlarmRule } = one(template, 'AWS::CloudWatch::CompositeAlarm', 'GridwatchDegraded').Properties;
  expect(flat(AlarmRule)).toMatch(/^\(ALARM\(.+\)(?: OR ALARM\(.+\)){4}\)$/);
  for (const part of PARTS) expect(flat(AlarmRule)).toContain(`<Gridwatch${part}`);
});

describe('the operations topic', () => {
  test('lets the alarms of this account publish, which a policy of its own would forbid', () => {
    const { Statement } = one(template, 'AWS::SNS::TopicPolicy', 'Operations').Properties['PolicyDocument'];
    const allowed = Statement.find(({ Effect }: { Effect: string }) => Effect === 'Allow');
    expect(allowed).toMatchObject({ Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish' });
    expect(flat(allowed.Condition.StringEquals['aws:SourceAccount'])).toBe('<AWS::AccountId>');
    expect(flat(allowed.Condition.ArnLike['aws:SourceArn'])).toMatch(/:alarm:\*$/);
  });

  test('is not the topic of the alerts', () => {
    expect(
      resourcesOf(template, 'AWS::SNS::Topic')
        .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))
        .sort(),
    ).toEqual(['GridwatchAlerts', 'GridwatchChat', 'GridwatchOperations']);
  });
});

describe('the alarm', () => {
  test('on evaluation rings when evaluate is silent for 5 minutes', () => {
    expect(alarm('NoEvaluation')).toMatchObject({
      Namespace: 'gridwatch',
      MetricName: 'EvaluationLagSeconds',
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 5,
      DatapointsToAlarm: 5,
      Threshold: 300,
      TreatMissingData: 'breaching',
    });
  });

  test('on waiting deliveries rings after 10 minutes', () => {
    expect(alarm('DeliveriesWait')).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'AsyncEventAge',
      Statistic: 'Maximum',
      Threshold: 600_000,
    });
  });

  test('on lost failures rings at the first', () => {
    expect(alarm('FailuresLost')).toMatchObject({
      MetricName: 'DestinationDeliveryFailures',
      Threshold: 0,
      EvaluationPeriods: 1,
    });
  });

  test('on refused deliveries finds every filter of ours by its name', () => {
    const [name, ...others] = new Set(
      resourcesOf(template, 'AWS::Logs::SubscriptionFilter').map(([, { Properties }]) => Properties['FilterName']),
    );
    expect(others).toEqual([]);
    const [{ Expression }] = alarm('DeliveriesRefused')['Metrics'];
    expect(Expression).toBe(`SELECT SUM(DeliveryErrors) FROM "AWS/Logs" WHERE FilterName = '${name}'`);
  });

  test('on ingest rings two minutes after a table was deleted', () => {
    expect(alarm('IngestFails')).toMatchObject({
      MetricName: 'Errors',
      Period: 60,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
    });
  });

  test.each([
    ['Quarantined', 'Quarantined'],
    ['LawBroken', 'LawBroken'],
    ['LoopGuard', 'LoopGuard'],
    ['Mismatches', 'Mismatches'],
    ['SlackRefuses', 'SlackRefused'],
  ])('%s rings at the first %s', (id, metric) => {
    expect(alarm(id)).toMatchObject({
      Namespace: 'gridwatch',
      MetricName: metric,
      Statistic: 'Sum',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test.each([
    ['IngestThrottled', 'Throttles', 'GridwatchIngestFunction'],
    ['RedriveFails', 'Errors', 'GridwatchRedriveFunction'],
    ['IngestFails', 'Errors', 'GridwatchIngestFunction'],
  ])('%s watches %s of the right function', (id, metric, name) => {
    expect(alarm(id)['MetricName']).toBe(metric);
    expect(flat(alarm(id)['Dimensions'][0].Value)).toContain(name);
  });

  test.each([
    ['MessagesUndelivered', 'GridwatchUndelivered'],
    ['SlackUndelivered', 'GridwatchSlackDead'],
  ])('%s watches the depth of its dead-letter queue', (id, queue) => {
    expect(alarm(id)).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
    });
    expect(flat(alarm(id)['Dimensions'][0].Value)).toContain(queue);
  });

  test('on unconfirmed e-mail keeps its state between checks', () => {
    expect(alarm('EmailUnconfirmed')).toMatchObject({
      MetricName: 'UnconfirmedSubscriptions',
      TreatMissingData: 'ignore',
    });
  });
});

test('every own metric that is watched is emitted', () => {
  expect(allEmitted).toBe(true);
});

test('own metrics carry the name of the deployment, which the functions know', () => {
  const { Variables } = one(template, 'AWS::Lambda::Function', 'Ingest').Properties['Environment'];
  const own = single.filter(([, { Properties }]) => Properties['Namespace'] === 'gridwatch');
  expect(own.length).toBeGreaterThan(5);
  for (const [, { Properties }] of own) {
    expect(Properties['Dimensions']).toEqual([{ Name: 'service', Value: Variables.POWERTOOLS_SERVICE_NAME }]);
  }
  expect(Variables.POWERTOOLS_METRICS_NAMESPACE).toBe('gridwatch');
});
