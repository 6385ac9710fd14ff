/**
 * The dashboard in CloudWatch, for those who live there: what fails and why, the alerts, and gridwatch itself. Out of metrics
 * only, so it costs no query; the same figures with tenants, models and remediation are on gridwatch's own page.
 */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { failuresByCause, ownMetric } from './metrics.ts';

export interface Shown {
  readonly deployment: string;
  readonly queryUrl: string;
  readonly functions: readonly IFunction[];
  readonly undelivered: IQueue;
  /** Read when the template is written, so that alarms of channels added later are there too. */
  readonly alarms: cloudwatch.IAlarm[];
}

type OwnName = Parameters<typeof ownMetric>[1];
const WIDTH = 24;
const PERIOD = Duration.minutes(1);

/** The colours of the categories on gridwatch's own page. */
const CATEGORIES: readonly (readonly [OwnName, label: string, color: string])[] = [
  ['FailuresThrottle', 'throttled', '#c97a00'],
  ['FailuresTransient', 'service failing (5xx)', '#a51e50'],
  ['FailuresConnection', 'no answer', '#0a8f80'],
  ['FailuresRequest', 'refused request (4xx)', '#3763c7'],
];

export function placeDashboard(scope: Construct, shown: Shown): cloudwatch.Dashboard {
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(6) });
  dashboard.addWidgets(title(shown));
  dashboard.addWidgets(...failing(shown));
  dashboard.addWidgets(...gridwatchItself(shown));
  return dashboard;
}

function title({ deployment, queryUrl }: Shown): cloudwatch.IWidget {
  const markdown = [
    `# gridwatch: failed LLMGrid calls (${deployment})`,
    'Minutes appear three minutes after they end, when late log events are in. Who is hit and what to do:',
    `\`gridwatch dashboard --url ${queryUrl}\`. What an alarm means: docs/runbook.md.`,
  ];
  return new cloudwatch.TextWidget({ markdown: markdown.join('\n'), width: WIDTH, height: 3 });
}

function failing({ deployment }: Shown): cloudwatch.IWidget[] {
  const own = (name: OwnName, options: cloudwatch.MetricOptions) => ownMetric(deployment, name, options);
  const graph = { height: 7, period: PERIOD, leftYAxis: { min: 0, label: 'failed calls', showUnits: false } };
  return [
    new cloudwatch.GraphWidget({
      ...graph,
      title: 'Failed calls by category',
      width: 9,
      stacked: true,
      left: CATEGORIES.map(([name, label, color]) => own(name, { label, color })),
    }),
    new cloudwatch.GraphWidget({
      ...graph,
      title: 'Failed calls by cause',
      width: 9,
      stacked: true,
      left: [failuresByCause(deployment)],
    }),
    new cloudwatch.GraphWidget({
      title: 'Alerts firing, messages sent',
      ...{ width: 6, height: 7, period: PERIOD },
      left: [
        own('AlertsOpen', { label: 'alerts firing', statistic: 'Maximum', color: '#b3261e' }),
        own('MessagesSent', { label: 'messages sent', color: '#7b8794' }),
      ],
      leftYAxis: { min: 0, showUnits: false },
    }),
  ];
}

function gridwatchItself({ deployment, functions, undelivered, alarms }: Shown): cloudwatch.IWidget[] {
  const own = (name: OwnName, label: string, options: cloudwatch.MetricOptions = {}) =>
    ownMetric(deployment, name, { label, ...options });
  const ofAll = (metric: (of: IFunction) => cloudwatch.Metric) => functions.map(metric);
  const counts = { height: 6, width: 6, period: PERIOD, leftYAxis: { min: 0, showUnits: false } };
  return [
    new cloudwatch.AlarmStatusWidget({ title: 'Alarms about gridwatch', alarms, width: 6, height: 6 }),
    new cloudwatch.GraphWidget({
      ...counts,
      title: 'Log events',
      left: [own('Received', 'received'), own('Counted', 'counted'), own('Unreadable', 'unreadable')],
    }),
    new cloudwatch.GraphWidget({
      ...counts,
      title: 'How far behind (seconds)',
      left: [
        own('EvaluationLagSeconds', 'evaluation', { statistic: 'Maximum' }),
        own('NewestEventAgeSeconds', 'newest log event', { statistic: 'Maximum' }),
      ],
    }),
    new cloudwatch.GraphWidget({
      ...counts,
      title: 'Nothing of this should be above 0',
      left: [
        ...ofAll((of) => of.metricErrors({ period: PERIOD, label: `errors of ${nameOf(of)}` })),
        own('LawBroken', 'law broken'),
        own('Quarantined', 'quarantined'),
        undelivered.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'messages undelivered' }),
      ],
    }),
  ];
}

/** Of its construct: the deployed name is known only to CloudFormation. */
const nameOf = (of: IFunction): string => of.node.scope?.node.id.toLowerCase() ?? of.node.id;
