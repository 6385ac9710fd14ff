/**
 * Alarms about gridwatch itself, as rows: what is measured, when it is too much, what it says. Each has an entry in
 * docs/runbook.md; a test compares the two. They go to a topic of their own, since the alerts' topic may be what is broken.
 */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { deliveryErrors, ownMetric } from './metrics.ts';

export interface AlarmRow {
  readonly id: string;
  /** The heading of its entry in docs/runbook.md. */
  readonly entry: string;
  readonly says: string;
  readonly metric: cloudwatch.IMetric;
  /** Alarms above this … */
  readonly above: number;
  /** … in so many of the last so many periods. */
  readonly of: readonly [number, number];
  readonly missing: cloudwatch.TreatMissingData;
  /** Has no action of its own and tells through the alarm `Degraded`: one outage sets off several of these. */
  readonly isPart?: true;
}

const { BREACHING, NOT_BREACHING, IGNORE } = cloudwatch.TreatMissingData;
const MINUTE = { period: Duration.minutes(1), statistic: 'Sum' };

export interface Watched {
  readonly deployment: string;
  readonly filterName: string;
  readonly ingest: IFunction;
  readonly redrive: IFunction;
  readonly undelivered: IQueue;
}

export function pipelineAlarms({ deployment, filterName, ingest, redrive, undelivered }: Watched): AlarmRow[] {
  const own = (name: Parameters<typeof ownMetric>[1], options?: cloudwatch.MetricOptions) =>
    ownMetric(deployment, name, options);
  const ofIngest = (metricName: string, options: cloudwatch.MetricOptions = {}) =>
    ingest.metric(metricName, { ...MINUTE, ...options });
  return [
    {
      id: 'NoEvaluation',
      entry: 'no-evaluation',
      says: 'Nothing was evaluated for 5 minutes, so no alert can come',
      metric: own('EvaluationLagSeconds', { statistic: 'Maximum' }),
      above: 300,
      of: [5, 5],
      missing: BREACHING,
      isPart: true,
    },
    {
      id: 'IngestFails',
      entry: 'ingest-fails',
      says: 'ingest throws: batches are retried and then kept, but not counted',
      metric: ofIngest('Errors'),
      above: 0,
      of: [2, 3],
      missing: NOT_BREACHING,
      isPart: true,
    },
    {
      id: 'DeliveriesWait',
      entry: 'deliveries-wait',
      says: 'Log events wait for more than 10 minutes before they are counted',
      metric: ofIngest('AsyncEventAge', { statistic: 'Maximum' }),
      above: 600_000,
      of: [2, 3],
      missing: NOT_BREACHING,
      isPart: true,
    },
    {
      id: 'IngestThrottled',
      entry: 'ingest-throttled',
      says: 'ingest has been out of concurrency for 5 minutes',
      metric: ofIngest('Throttles'),
      above: 0,
      of: [5, 5],
      missing: NOT_BREACHING,
      isPart: true,
    },
    {
      id: 'FailuresLost',
      entry: 'failures-lost',
      says: 'A failed batch could not be written to the quarantine bucket and is lost',
      metric: ofIngest('DestinationDeliveryFailures'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'DeliveriesRefused',
      entry: 'deliveries-refused',
      says: 'CloudWatch Logs could not deliver: it skips events of that log group for up to 10 minutes',
      metric: deliveryErrors(filterName),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'RedriveFails',
      entry: 'redrive-fails',
      says: 'redrive has failed three times in a row: kept batches are not counted',
      metric: redrive.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
      above: 0,
      of: [3, 3],
      missing: NOT_BREACHING,
      isPart: true,
    },
    {
      id: 'Quarantined',
      entry: 'quarantined',
      says: 'A batch can never be read; it is kept for 14 days and not counted',
      metric: own('Quarantined'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'LawBroken',
      entry: 'law-broken',
      says: 'received = counted + notCall + malformed + tooLate does not hold: a bug in gridwatch',
      metric: own('LawBroken'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'Mismatches',
      entry: 'mismatches',
      says: 'One batch came twice with different content; the first is counted',
      metric: own('Mismatches'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'LoopGuard',
      entry: 'loop-guard',
      says: 'gridwatch was sent its own logs and dropped them',
      metric: own('LoopGuard'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'MessagesUndelivered',
      entry: 'messages-undelivered',
      says: 'SNS gave up on a message to an e-mail address or a queue',
      metric: undelivered.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'EmailUnconfirmed',
      entry: 'email-unconfirmed',
      says: 'An e-mail subscription is not confirmed, so its owner hears nothing',
      metric: own('UnconfirmedSubscriptions', { statistic: 'Maximum', period: Duration.minutes(5) }),
      above: 0,
      of: [3, 3],
      missing: IGNORE,
    },
  ];
}

export function slackAlarms(deployment: string, dead: IQueue): AlarmRow[] {
  return [
    {
      id: 'SlackRefuses',
      entry: 'slack-refuses',
      says: 'Slack refuses the webhook for good (removed, archived channel, wrong URL)',
      metric: ownMetric(deployment, 'SlackRefused'),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
    {
      id: 'SlackUndelivered',
      entry: 'slack-undelivered',
      says: 'Messages to Slack were given up after 8 tries',
      metric: dead.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' }),
      above: 0,
      of: [1, 1],
      missing: NOT_BREACHING,
    },
  ];
}

/** One message when the pipeline stops keeping up and one when it does again, however many of its parts say so meanwhile. */
function placeDegraded(
  scope: Construct,
  parts: readonly cloudwatch.Alarm[],
  action: cloudwatch.IAlarmAction,
): cloudwatch.AlarmBase {
  const alarm = new cloudwatch.CompositeAlarm(scope, 'Degraded', {
    alarmDescription:
      'gridwatch: log events are counted or judged late, or not at all. What to do: docs/runbook.md#degraded',
    alarmRule: cloudwatch.AlarmRule.anyOf(
      ...parts.map((part) => cloudwatch.AlarmRule.fromAlarm(part, cloudwatch.AlarmState.ALARM)),
    ),
  });
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}

export function placeAlarms(
  scope: Construct,
  rows: readonly AlarmRow[],
  operations: sns.ITopic,
): cloudwatch.AlarmBase[] {
  const action = new SnsAction(operations);
  const placed = rows.map((row) => {
    const { id, entry, says, metric, above, missing, isPart = false } = row;
    const [datapointsToAlarm, evaluationPeriods] = row.of;
    const alarm = new cloudwatch.Alarm(scope, id, {
      alarmDescription: `gridwatch: ${says}. What to do: docs/runbook.md#${entry}`,
      metric,
      threshold: above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      datapointsToAlarm,
      evaluationPeriods,
      treatMissingData: missing,
    });
    if (!isPart) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    return { alarm, isPart };
  });
  const parts = placed.filter(({ isPart }) => isPart).map(({ alarm }) => alarm);
  const degraded = parts.length === 0 ? [] : [placeDegraded(scope, parts, action)];
  return [...placed.map(({ alarm }) => alarm), ...degraded];
}
