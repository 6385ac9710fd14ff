/** The stack of `cdk deploy`: one Gridwatch, and what a person needs to know afterwards. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { UserSettings } from '../shared/settings-file.ts';
import { Gridwatch } from './gridwatch.ts';

export interface GridwatchStackProps extends StackProps {
  readonly settings: UserSettings;
  readonly codeRoot?: string;
}

export class GridwatchStack extends Stack {
  readonly gridwatch: Gridwatch;

  constructor(scope: Construct, id: string, { settings, codeRoot, ...props }: GridwatchStackProps) {
    super(scope, id, { description: 'gridwatch: why LLMGrid calls fail', ...props });
    const { slackWebhookSecret, chat, summaryUrl, ...others } = settings;
    this.gridwatch = new Gridwatch(this, 'Gridwatch', {
      ...others,
      ...(slackWebhookSecret && { slackWebhookSecret }),
      ...(chat && { chat }),
      ...(summaryUrl && { summaryUrl }),
      ...(codeRoot && { codeRoot }),
    });
    const { queryUrl, topic, table, bucket, key } = this.gridwatch;
    this.output(
      'QueryUrl',
      queryUrl,
      'The query API; requests must be signed with IAM, for example with curl --aws-sigv4',
    );
    this.output('AlertTopicArn', topic.topicArn, 'Alerts about LLMGrid calls');
    this.output(
      'StaysAfterDestroy',
      `table ${table.tableName}, bucket ${bucket.bucketName}, key ${key.keyArn}`,
      'cdk destroy leaves these: your history, batches not counted yet, and the key to both. Delete them by hand, the key last',
    );
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
