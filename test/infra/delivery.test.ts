import { NestedStack, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Gridwatch } from '../../infra/gridwatch.ts';
import { CODE_ROOT, constructed, deployed, flat, newApp, of, one, resourcesOf } from './place.ts';

const FILTER = 'AWS::Logs::SubscriptionFilter';
const PERMISSION = 'AWS::Lambda::Permission';
const names = (count: number) => Array.from({ length: count }, (_, index) => `/app/service-${index}`);
const filterIds = (logGroups: readonly string[]) =>
  Object.fromEntries(
    resourcesOf(of(deployed({ logGroups })), FILTER).map(([id, { Properties }]) => [Properties['LogGroupName'], id]),
  );
const fromLogs = (template: ReturnType<typeof of>) =>
  resourcesOf(template, PERMISSION).filter(([, { Properties }]) => Properties['Principal'] === 'logs.amazonaws.com');

describe('the permission of CloudWatch Logs', () => {
  const [[, permission] = []] = fromLogs(of(deployed({ logGroups: ['/app/a'] })));

  test('is for any log group of this account and region', () => {
    expect(flat(permission?.Properties['SourceArn'])).toBe(
      'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*',
    );
  });

  test('names the account as well, against a confused deputy', () => {
    expect(flat(permission?.Properties['SourceAccount'])).toBe('<AWS::AccountId>');
  });

  test('every other permission names the one rule it is for', () => {
    const others = resourcesOf(of(deployed({ logGroups: ['/app/a'] })), PERMISSION).filter(
      ([, { Properties }]) => Properties['Principal'] !== 'logs.amazonaws.com',
    );
    expect(others).toHaveLength(2);
    for (const [, { Properties }] of others) expect(flat(Properties['SourceArn'])).toMatch(/^<GridwatchEvery/);
  });
});

describe('500 log groups', () => {
  const stack = deployed({ logGroups: names(500) });
  const main = of(stack);
  const nested = stack.node.findAll().filter((node): node is NestedStack => NestedStack.isNestedStack(node));
  const all = [main, ...nested.map((it) => of(it))];

  test('share one permission', () => {
    expect(all.flatMap(fromLogs)).toHaveLength(1);
  });

  test('have a filter each', () => {
    const read = all.flatMap((template) =>
      resourcesOf(template, FILTER).map(([, { Properties }]) => Properties['LogGroupName']),
    );
    expect(new Set(read)).toEqual(new Set(names(500)));
  });

  test('fit into templates of at most 500 resources', () => {
    for (const template of all) expect(resourcesOf(template).length).toBeLessThanOrEqual(500);
  });

  test('put no filter in place before the permission is', () => {
    const [[permission] = []] = fromLogs(main);
    const waiting = [...resourcesOf(main, FILTER), ...resourcesOf(main, 'AWS::CloudFormation::Stack')];
    for (const [, { DependsOn }] of waiting) expect(DependsOn).toContain(permission);
  });

  test('leave room for what else is in the stack', () => {
    expect(resourcesOf(main).length).toBeLessThan(400);
  });
});

describe('filters', () => {
  const alone = filterIds(['/app/a']);

  test('keep their logical id when others come and go', () => {
    const many = filterIds(['/app/z', '/app/a', '/app/b']);
    expect(many['/app/a']).toBe(alone['/app/a']);
  });

  test('keep this logical id for ever: a change would put two filters on a log group', () => {
    expect(alone).toEqual({ '/app/a': 'GridwatchLogsFilterappaFD39A63279804559' });
  });

  test('differ for names that differ only in signs', () => {
    const ids = filterIds(['/app/a-b', '/app/a_b', '/app/ab', '/app/a.b']);
    expect(new Set(Object.values(ids)).size).toBe(4);
  });

  test('deliver every event to ingest unless a pattern is set', () => {
    const { Properties } = one(of(deployed({ logGroups: ['/app/a'] })), FILTER);
    expect(Properties['FilterPattern']).toBe('');
    expect(flat(Properties['DestinationArn'])).toMatch(/^<GridwatchIngestFunction/);
  });

  test('carry the pattern of the setting', () => {
    const { Properties } = one(of(deployed({ logGroups: ['/app/a'], filterPattern: '"llmgrid"' })), FILTER);
    expect(Properties['FilterPattern']).toBe('"llmgrid"');
  });

  test('go with the stack', () => {
    const template = of(deployed({ logGroups: names(3) }));
    for (const [, { DeletionPolicy }] of resourcesOf(template, FILTER))
      expect(DeletionPolicy ?? 'Delete').toBe('Delete');
  });

  test('share a name, by which the alarm on deliveries finds them', () => {
    const shared = resourcesOf(of(deployed({ logGroups: names(3) })), FILTER).map(
      ([, { Properties }]) => Properties['FilterName'],
    );
    expect(new Set(shared).size).toBe(1);
  });
});

describe('log groups of another app', () => {
  test('are read when they are made in the same stack', () => {
    const { stack } = constructed((scope) => ({ logGroups: [new logs.LogGroup(scope, 'Theirs')] }));
    const { Properties } = one(of(stack), FILTER);
    expect(flat(Properties['LogGroupName'])).toMatch(/^<Theirs[0-9A-F]{8}>$/);
  });

  test('keep their logical id whether named or imported', () => {
    const byName = constructed({ logGroups: ['/app/a'] });
    const imported = constructed((scope) => ({ logGroups: [logs.LogGroup.fromLogGroupName(scope, 'Any', '/app/a')] }));
    const [[first] = []] = resourcesOf(of(byName.stack), FILTER);
    const [[second] = []] = resourcesOf(of(imported.stack), FILTER);
    expect(second).toBe(first);
  });

  test('may follow later', () => {
    const { stack, gridwatch } = constructed({ logGroups: ['/app/a'] });
    gridwatch.addLogGroup('/app/b');
    expect(resourcesOf(of(stack), FILTER)).toHaveLength(2);
  });

  test('are refused twice', () => {
    const { gridwatch } = constructed({ logGroups: ['/app/a'] });
    expect(() => gridwatch.addLogGroup('/app/a')).toThrow('gridwatch: log group /app/a is added twice; remove one');
  });

  test('are refused by name when they are our own', () => {
    const { gridwatch } = constructed({ logGroups: ['/app/a'] });
    expect(() => gridwatch.addLogGroup('/gridwatch/Other-12345678/ingest')).toThrow(
      'gridwatch: LOOP: log group /gridwatch/Other-12345678/ingest belongs to gridwatch itself, and its lines would come back for ever; leave it out',
    );
  });

  test('are refused as constructs when they are our own', () => {
    const { gridwatch } = constructed({ logGroups: ['/app/a'] });
    expect(() => gridwatch.addLogGroup(gridwatch.functions.ingest.logGroup)).toThrow(
      'LOOP: log group Theirs/Watch/Ingest/Logs',
    );
  });

  test('must be at least one by the time of synth', () => {
    const { stack } = constructed({});
    expect(() => of(stack)).toThrow(
      'gridwatch: no log group; give logGroups: ["/aws/lambda/app"] or call addLogGroup()',
    );
  });
});

describe('the policy of the account', () => {
  const policy = one(
    of(deployed({ via: 'account-policy', excludeLogGroups: '/app/noisy' })),
    'AWS::Logs::AccountPolicy',
  );

  test('replaces all filters', () => {
    expect(resourcesOf(of(deployed({ via: 'account-policy' })), FILTER)).toEqual([]);
  });

  test('leaves out our own log groups and the excluded ones', () => {
    const selection = flat(policy.Properties['SelectionCriteria']);
    expect(selection).toMatch(/^LogGroupName NOT IN \[/);
    for (const name of ['Ingest', 'Evaluate', 'Redrive', 'Query']) expect(selection).toContain(`Gridwatch${name}Logs`);
    expect(selection).toContain('"/app/noisy"');
  });

  test('delivers to ingest, with the one permission in place', () => {
    expect(flat(policy.Properties['PolicyDocument'])).toMatch(
      /"DestinationArn":"<GridwatchIngestFunction[0-9A-F]{8}\.Arn>"/,
    );
    expect(policy.DependsOn).toHaveLength(1);
  });

  test('may exist once in an account and region', () => {
    const app = newApp();
    for (const id of ['One', 'Two']) {
      new Gridwatch(new Stack(app, id), 'Watch', { via: 'account-policy', codeRoot: CODE_ROOT });
    }
    expect(() => app.synth()).toThrow('an account has one subscription policy per region');
  });

  test('reads every log group, so none can be added', () => {
    const { gridwatch } = constructed({ via: 'account-policy' });
    expect(() => gridwatch.addLogGroup('/app/a')).toThrow('is read by the account policy already');
  });
});
