/**
 * A Slack channel of Amazon Q Developer in chat applications. It drops every message that is not in its own schema, so it has a
 * topic of its own; the alarms about gridwatch it understands as they are.
 */
import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Chat } from '../shared/setting-values.ts';

export function placeChat(
  scope: Construct,
  name: string,
  { workspaceId, channelId }: Chat,
  notificationTopics: sns.ITopic[],
): void {
  new SlackChannelConfiguration(scope, `Chat${channelId}`, {
    slackChannelConfigurationName: `${name}-${channelId}`.slice(-128).replace(/^-/, ''),
    slackWorkspaceId: workspaceId,
    slackChannelId: channelId,
    notificationTopics,
    // Without a guardrail AWS applies AdministratorAccess. This channel only listens.
    guardrailPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AWSDenyAll')],
  });
}
