/**
 * How log events reach ingest: a subscription filter per log group, or the account's one policy for all of them.
 *
 * One permission serves any number of log groups: with one per group a function's policy is full at about 50. Filters are
 * ordinary CloudFormation resources, so `cdk destroy` takes every one of them away. Their logical ids come from the log group's
 * name alone: adding, removing and reordering log groups touches no other filter, which matters because CloudFormation
 * creates before it deletes and a log group takes two filters at most.
 */
import { createHash } from 'node:crypto';
import { NestedStack, Stack, Token } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { OWN_LOG_GROUPS } from '../shared/setting-values.ts';
import { logGroupsArn } from './permissions.ts';

/** A template holds 500 resources. The first filters stay in the stack itself, the others go to nested stacks. */
const FILTERS_IN_STACK = 300;
const FILTERS_IN_NESTED_STACK = 400;
const POLICY_TYPE = 'SUBSCRIPTION_FILTER_POLICY';

export interface SubscriptionOptions {
  readonly ingest: lambda.Function;
  readonly filterPattern: string;
  readonly filterName: string;
  readonly ownLogGroups: readonly logs.ILogGroup[];
  readonly via: 'subscription' | 'account-policy';
  readonly excludeLogGroups: readonly string[];
}

export class Subscriptions extends Construct {
  private readonly options: SubscriptionOptions;
  private readonly permission: CfnPermission;
  private readonly ids = new Set<string>();

  constructor(scope: Construct, id: string, options: SubscriptionOptions) {
    super(scope, id);
    this.options = options;
    this.permission = new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: options.ingest.functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      sourceArn: logGroupsArn(Stack.of(this)),
    });
    if (options.via === 'account-policy') this.addAccountPolicy();
    else this.node.addValidation({ validate: () => (this.ids.size > 0 ? [] : [NO_LOG_GROUP]) });
  }

  /** Throws a sentence when the log group is our own, was added before, or is read by the account policy anyway. */
  add(group: logs.ILogGroup | string): logs.CfnSubscriptionFilter {
    const name = typeof group === 'string' ? group : group.logGroupName;
    const label = typeof group === 'string' || !Token.isUnresolved(name) ? name : group.node.path;
    if (this.options.via === 'account-policy') {
      throw new Error(
        `gridwatch: log group ${label} is read by the account policy already; remove it, or use via=subscription`,
      );
    }
    if (
      name.startsWith(OWN_LOG_GROUPS) ||
      this.options.ownLogGroups.some((own) => own === group || own.logGroupName === name)
    ) {
      throw new Error(
        `gridwatch: LOOP: log group ${label} belongs to gridwatch itself, and its lines would come back for ever; leave it out`,
      );
    }
    const id = filterId(Token.isUnresolved(name) ? JSON.stringify(Stack.of(this).resolve(name)) : name);
    if (this.ids.has(id)) throw new Error(`gridwatch: log group ${label} is added twice; remove one`);
    const filter = new logs.CfnSubscriptionFilter(this.home(), id, {
      logGroupName: name,
      filterName: this.options.filterName,
      filterPattern: this.options.filterPattern,
      destinationArn: this.options.ingest.functionArn,
    });
    this.ids.add(id);
    // CloudWatch Logs tries the function when a filter is made.
    if (Stack.of(filter) === Stack.of(this)) filter.node.addDependency(this.permission);
    return filter;
  }

  private home(): Construct {
    const beyond = this.ids.size - FILTERS_IN_STACK;
    if (beyond < 0) return this;
    const id = `More${Math.floor(beyond / FILTERS_IN_NESTED_STACK) + 1}`;
    const known = this.node.tryFindChild(id);
    if (known) return known as NestedStack;
    const nested = new NestedStack(this, id, { description: 'gridwatch: more subscription filters' });
    nested.node.addDependency(this.permission);
    return nested;
  }

  /** A region has one such policy, and it can only name what it leaves out. */
  private addAccountPolicy(): void {
    const { ingest, filterPattern, filterName, ownLogGroups, excludeLogGroups } = this.options;
    const left = [...ownLogGroups.map(({ logGroupName }) => logGroupName), ...excludeLogGroups];
    const policy = new logs.CfnAccountPolicy(this, 'AccountPolicy', {
      policyName: filterName,
      policyType: POLICY_TYPE,
      scope: 'ALL',
      policyDocument: Stack.of(this).toJsonString({ DestinationArn: ingest.functionArn, FilterPattern: filterPattern }),
      selectionCriteria: `LogGroupName NOT IN ${Stack.of(this).toJsonString(left)}`,
    });
    policy.node.addDependency(this.permission);
    this.node.addValidation({ validate: () => otherPolicies(policy) });
  }
}

const NO_LOG_GROUP = 'gridwatch: no log group; give logGroups: ["/aws/lambda/app"] or call addLogGroup()';

function otherPolicies(policy: logs.CfnAccountPolicy): string[] {
  const others = policy.node.root.node
    .findAll()
    .filter((node): node is logs.CfnAccountPolicy => node instanceof logs.CfnAccountPolicy && node !== policy)
    .filter(({ policyType, stack }) => policyType === POLICY_TYPE && stack.environment === policy.stack.environment);
  return others.map(
    ({ node }) =>
      `gridwatch: an account has one subscription policy per region, and ${node.path} is another; keep one, or use via=subscription`,
  );
}

/** Readable, and different for names that differ only in signs. */
function filterId(name: string): string {
  const readable = name.replace(/[^A-Za-z0-9]/g, '').slice(-40);
  return `Filter${readable}${createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase()}`;
}
