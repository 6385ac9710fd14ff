import fc from 'fast-check';
import type { Maintenance } from '../../shared/maintenance.ts';
import type { OwnRule, OwnShape } from '../../shared/own.ts';
import { DEFAULT_SETTINGS, type Deployment, fromEnv, type Settings, toEnv } from '../../shared/settings.ts';
import { DEFAULT_USER_SETTINGS, readSettings, SETTING_NAMES, toSettings } from '../../shared/settings-file.ts';

const NIGHTLY: Maintenance = { days: ['sat'], from: '22:00', to: '02:00', filters: { provider: 'openai' } };
const HOUSE_RULE: OwnRule = { name: 'house-limit', when: { text: 'house limit *' }, cause: 'rate_limit_requests' };
const HOUSE_SHAPE: OwnShape = { name: 'house', text: 'HGW {model} -> {status}' };
const OK = { logGroups: '/aws/lambda/app' };
const read = (input: unknown) => readSettings(input, 'gridwatch.json');
const problemsOf = (input: Readonly<Record<string, unknown>>) =>
  read({ ...OK, ...input }).problems.map((problem) => problem.replace('gridwatch.json: ', ''));

describe('a wrong setting is answered with what is wrong and what to write', () => {
  test.each<[name: string, input: Record<string, unknown>, sentence: string]>([
    [
      'no log group',
      { logGroups: '' },
      'logGroups: no log group; add "logGroups": ["/aws/lambda/app"] to gridwatch.json or deploy with -c logGroups=/aws/lambda/app',
    ],
    [
      'own log group',
      { logGroups: '/gridwatch/Gridwatch-1/ingest' },
      'logGroups: LOOP: log group /gridwatch/Gridwatch-1/ingest belongs to gridwatch itself, and its lines would come back for ever; leave it out',
    ],
    ['log group twice', { logGroups: ['/a', '/b', '/a'] }, 'logGroups: /a is listed twice; remove one'],
    [
      'ARN of a log group',
      { logGroups: 'arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/app:*' },
      'logGroups: "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/app:*" is an ARN; give the name /ecs/app',
    ],
    [
      'pattern of log groups',
      { logGroups: '/aws/lambda/*' },
      'logGroups: "/aws/lambda/*" is a pattern; list the log groups by name, or read all of them with via=account-policy',
    ],
    [
      'name with a blank',
      { logGroups: '/a b' },
      'logGroups: "/a b" cannot be a log group (letters, digits and . - _ / #); "aws logs describe-log-groups" lists yours',
    ],
    [
      'log groups as a number',
      { logGroups: 7 },
      'logGroups: 7 is not a list of log group names; write ["a", "b"] in the file or a,b on the command line',
    ],
    [
      'log groups with a number',
      { logGroups: ['/a', 7] },
      'logGroups: ["/a",7] is not a list of log group names; write ["a", "b"] in the file or a,b on the command line',
    ],
    [
      'log groups with the account policy',
      { via: 'account-policy' },
      'logGroups: via=account-policy reads every log group; remove logGroups, or name those to leave out in excludeLogGroups',
    ],
    [
      'exclusions without it',
      { excludeLogGroups: '/b' },
      'excludeLogGroups: only used with via=account-policy; remove it, or leave those groups out of logGroups',
    ],
    [
      'two ways to read',
      { via: 'subscription,account-policy' },
      'via: "subscription,account-policy" is not one of subscription, account-policy',
    ],
    [
      'e-mail without a domain',
      { email: 'oncall' },
      'email: "oncall" is not an e-mail address; write one like oncall@example.com',
    ],
    [
      'e-mail without a dot',
      { email: 'oncall@localhost' },
      'email: "oncall@localhost" is not an e-mail address; write one like oncall@example.com',
    ],
    [
      'e-mail with a name',
      { email: 'On Call <oncall@example.com>' },
      'email: "On Call <oncall@example.com>" is not an e-mail address; write one like oncall@example.com',
    ],
    [
      'one bad e-mail of two',
      { email: 'a@example.com,b@' },
      'email: "b@" is not an e-mail address; write one like oncall@example.com',
    ],
    [
      'chat as a name',
      { chat: '#oncall' },
      'chat: "#oncall" is not workspaceId/channelId; write one like T0123ABCD/C0456EFGH',
    ],
    [
      'chat the wrong way round',
      { chat: 'C0456EFGH/T0123ABCD' },
      'chat: "C0456EFGH/T0123ABCD" names the channel first; write T0123ABCD/C0456EFGH',
    ],
    [
      'chat by names',
      { chat: 'acme/oncall' },
      'chat: "acme/oncall" does not hold Slack\'s ids (not names): T… of the workspace, C… of the channel, like T0123ABCD/C0456EFGH',
    ],
    [
      'chat with three parts',
      { chat: 'T0123ABCD/C0456EFGH/X' },
      'chat: "T0123ABCD/C0456EFGH/X" is not workspaceId/channelId; write one like T0123ABCD/C0456EFGH',
    ],
    [
      'chat without a channel',
      { chat: { workspaceId: 'T0123ABCD' } },
      'chat: {"workspaceId":"T0123ABCD"} is not workspaceId/channelId; write one like T0123ABCD/C0456EFGH',
    ],
    [
      'webhook in place of its secret',
      { slackWebhookSecret: 'https://hooks.slack.com/services/T0/B0/x' },
      'slackWebhookSecret: this is a webhook URL, and whoever has it can post: keep it in Secrets Manager ("aws secretsmanager create-secret --name gridwatch/slack --secret-string URL") and give the name of the secret',
    ],
    [
      'secret with a blank',
      { slackWebhookSecret: 'my secret' },
      'slackWebhookSecret: this is not the name or ARN of a secret; "aws secretsmanager list-secrets" lists yours',
    ],
    [
      'host as a URL',
      { hosts: 'https://llmgrid.ai/v1' },
      'hosts: "https://llmgrid.ai/v1" is a URL; write only its host, like llmgrid.ai',
    ],
    [
      'host with a path',
      { hosts: 'llmgrid.ai/v1' },
      'hosts: "llmgrid.ai/v1" is not a host name; write one like llmgrid.ai, or any',
    ],
    ['no host', { hosts: [] }, 'hosts: no host; write one like llmgrid.ai, or any'],
    ['share in per cent', { minShare: 5 }, 'minShare: 5 is not a number from 0.001 to 1; a share of 5 % is 0.05'],
    ['share of nothing', { minShare: '0' }, 'minShare: "0" is not a number from 0.001 to 1; a share of 5 % is 0.05'],
    ['share as a word', { minShare: 'low' }, 'minShare: "low" is not a number from 0.001 to 1; a share of 5 % is 0.05'],
    ['half a failure', { minFailures: 2.5 }, 'minFailures: 2.5 is not a whole number from 1 to 1000000'],
    ['true failures', { minFailures: true }, 'minFailures: true is not a whole number from 1 to 1000000'],
    ['repeating at once', { repeatHours: 0 }, 'repeatHours: 0 is not a number from 0.25 to 168; the default is 4'],
    [
      'retention of a month and a day',
      { retentionDays: 31 },
      'retentionDays: CloudWatch Logs cannot keep logs for 31 days; choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653',
    ],
    ['no concurrency', { concurrency: 0 }, 'concurrency: 0 is not a whole number from 1 to 1000, nor "unreserved"'],
    [
      'pattern that is a list',
      { filterPattern: ['a'] },
      'filterPattern: ["a"] is not a CloudWatch Logs filter pattern of at most 1,024 characters; leave it out to read every event',
    ],
    [
      'summary over http',
      { summaryUrl: 'http://example.com' },
      'summaryUrl: "http://example.com" is not an https address; write one like https://status.example.com/gridwatch',
    ],
    [
      'maintenance without an end',
      { maintenance: [{ days: ['sat'], from: '22:00', filters: {} }] },
      'maintenance: window 1: to must be a time like "02:00", or "24:00"',
    ],
    ['misspelt setting', { emial: 'a@example.com' }, 'unknown setting "emial"; did you mean "email"?'],
    ['setting in another case', { LogGroups: '/b' }, 'unknown setting "LogGroups"; did you mean "logGroups"?'],
    ['half a name', { slackWebhook: 'x' }, 'unknown setting "slackWebhook"; did you mean "slackWebhookSecret"?'],
    ['other unit', { repeatInterval: '4h' }, 'unknown setting "repeatInterval"; did you mean "repeatHours"?'],
    [
      'setting of something else',
      { region: 'eu-west-1' },
      `unknown setting "region"; known are ${SETTING_NAMES.join(', ')}`,
    ],
    ['name that objects have', { toString: 'x' }, `unknown setting "toString"; known are ${SETTING_NAMES.join(', ')}`],
  ])('%s', (_name, input, sentence) => {
    expect(problemsOf(input)).toEqual([sentence]);
  });

  test('all of them at once', () => {
    expect(problemsOf({ logGroups: '/gridwatch/a,/b*', email: 'x', minShare: 5, foo: 1 })).toHaveLength(5);
  });

  test.each([null, [], 'logGroups', 7, undefined])('%p in place of settings', (input) => {
    expect(read(input).problems).toEqual(['gridwatch.json: must be an object like {"logGroups": ["/aws/lambda/app"]}']);
  });

  test('a key named __proto__ is a setting like another', () => {
    expect(read(JSON.parse('{"logGroups": "/a", "__proto__": {"email": "x"}}')).problems).toHaveLength(1);
  });

  test('a value that is very long is cut', () => {
    const [problem = ''] = problemsOf({ email: 'x'.repeat(10_000) });
    expect(problem.length).toBeLessThan(200);
  });
});

describe('settings as a person writes them', () => {
  test('the command line and the file mean the same', () => {
    const line = read({
      logGroups: '/a, /b,',
      email: 'a@example.com',
      chat: 'T0123ABCD/C0456EFGH',
      hosts: 'llmgrid.ai,gw.example.com',
      minShare: '0.1',
      minFailures: '5',
      repeatHours: '0.5',
      retentionDays: '90',
      concurrency: '20',
    });
    const file = read({
      logGroups: ['/a', '/b'],
      email: ['a@example.com'],
      chat: { workspaceId: 'T0123ABCD', channelId: 'C0456EFGH' },
      hosts: ['llmgrid.ai', 'gw.example.com'],
      minShare: 0.1,
      minFailures: 5,
      repeatHours: 0.5,
      retentionDays: 90,
      concurrency: 20,
    });
    expect(line).toEqual(file);
    expect(line.problems).toEqual([]);
  });

  test('what is left out, or null, has its default', () => {
    expect(read({ ...OK, email: null, hosts: undefined }).settings).toEqual({
      ...DEFAULT_USER_SETTINGS,
      logGroups: ['/aws/lambda/app'],
    });
  });

  test('the account policy needs no log group', () => {
    expect(read({ via: 'account-policy', excludeLogGroups: '/noisy' }).problems).toEqual([]);
  });

  test('every default but the log groups is a setting that may be written', () => {
    expect(problemsOf({ ...DEFAULT_USER_SETTINGS, ...OK })).toEqual([]);
  });

  test('reach the engine in its units', () => {
    const { settings } = read({
      ...OK,
      hosts: 'any',
      minShare: 0.2,
      minFailures: 3,
      repeatHours: 2,
      summaryUrl: 'https://example.com/',
      maintenance: [NIGHTLY],
      rules: [HOUSE_RULE],
    });
    expect(toSettings(settings)).toEqual({
      hosts: 'any',
      horizonMs: DEFAULT_SETTINGS.horizonMs,
      maxCells: DEFAULT_SETTINGS.maxCells,
      minShare: 0.2,
      minFailures: 3,
      repeatIntervalMs: 7_200_000,
      summaryUrl: 'https://example.com/',
      maintenance: [NIGHTLY],
      rules: [HOUSE_RULE],
      ...{ shapes: [], fields: {}, services: [] },
    });
  });

  test('never throw, whatever they are', () => {
    const value = fc.anything({ withNullPrototype: true, maxDepth: 2 });
    const input = fc.dictionary(fc.oneof(fc.constantFrom<string>(...SETTING_NAMES), fc.string()), value);
    fc.assert(
      fc.property(fc.oneof(value, input), (given) => {
        const { settings, problems } = read(given);
        expect(Object.keys(settings).sort()).toEqual([...SETTING_NAMES].sort());
        for (const problem of problems) expect(problem).toMatch(/^gridwatch\.json: \S/);
      }),
    );
  });
});

const name = fc.string({ minLength: 1 });
const positive = fc.double({ min: 1e-9, max: 1e15, noNaN: true });
const settings: fc.Arbitrary<Settings> = fc.record({
  hosts: fc.oneof(fc.constant('any' as const), fc.array(name, { minLength: 1 })),
  keySalt: fc.string({ minLength: 16 }).map((text) => `salt-${text}`),
  horizonMs: positive,
  minShare: fc.double({ min: 1e-9, max: 1, noNaN: true }),
  minFailures: positive,
  repeatIntervalMs: positive,
  maxCells: positive,
  summaryUrl: fc.option(name),
  maintenance: fc.array(fc.constant(NIGHTLY)),
  rules: fc.array(fc.constant(HOUSE_RULE), { maxLength: 1 }),
  shapes: fc.array(fc.constant(HOUSE_SHAPE), { maxLength: 1 }),
  fields: fc.constantFrom({}, { model: ['llm.deployment'] }),
  services: fc.constantFrom([], ['llm-bridge']),
});
const deployment: fc.Arbitrary<Deployment> = fc.record({
  tableName: name,
  alertTopicArn: name,
  chatTopicArn: fc.option(name),
  quarantineBucket: name,
  saltSecretArn: name,
  slackSecretArn: fc.option(name),
  ownLogGroups: fc.array(name),
  allowedOwners: fc.array(name),
});

const DEPLOYED: Deployment = {
  ...{ tableName: 'table', alertTopicArn: 'topic', chatTopicArn: null, quarantineBucket: 'bucket' },
  ...{ saltSecretArn: 'salt', slackSecretArn: null, ownLogGroups: [], allowedOwners: ['123456789012'] },
};

describe('the environment of a function', () => {
  test('holds what was put in, without the salt', () => {
    fc.assert(
      fc.property(settings, deployment, (given, resources) => {
        const { keySalt, ...open } = given;
        const env = toEnv(given, resources);
        expect(fromEnv(env)).toEqual({ settings: open, deployment: resources });
        expect(Object.keys(env)).toEqual(['GRIDWATCH']);
        expect(env['GRIDWATCH']).not.toContain(JSON.stringify(keySalt));
        expect(env['GRIDWATCH']).not.toContain('keySalt');
      }),
    );
  });

  test.each<[name: string, value: string | undefined, message: string]>([
    ['missing', undefined, 'environment variable GRIDWATCH is missing: deploy the stack again'],
    ['not JSON', '{"settings', 'environment variable GRIDWATCH does not hold JSON: deploy the stack again'],
    [
      'empty',
      '{}',
      'environment variable GRIDWATCH is not usable: settings: missing or not an object; deployment: missing or not an object; deploy the stack again',
    ],
    [
      'a list',
      '[]',
      'environment variable GRIDWATCH is not usable: settings: missing or not an object; deployment: missing or not an object; deploy the stack again',
    ],
  ])('says when it is %s', (_name, value, message) => {
    expect(() => fromEnv({ GRIDWATCH: value })).toThrow(message);
  });

  test('of an older deployment lacks what came later', () => {
    const { maintenance: _, rules: __, shapes: ___, fields: ____, services: _____, ...older } = DEFAULT_SETTINGS;
    const env = { GRIDWATCH: JSON.stringify({ settings: older, deployment: DEPLOYED }) };
    expect(fromEnv(env).settings).toMatchObject({ maintenance: [], rules: [], shapes: [], fields: {}, services: [] });
  });

  test.each<[name: string, wrong: Readonly<Record<string, unknown>>]>([
    ['a share of nothing', { minShare: 0 }],
    ['a share that is no number', { minShare: '0.1' }],
    ['no failures', { minFailures: -1 }],
    ['a horizon that JSON cannot hold', { horizonMs: Number.NaN }],
    ['one host as a text', { hosts: 'llmgrid.ai' }],
    ['a host without a name', { hosts: [''] }],
    ['an empty address', { summaryUrl: '' }],
    ['rules as an object', { rules: {} }],
    ['fields as a list', { fields: [] }],
    ['services that are numbers', { services: [1] }],
  ])('with %s is refused by the name of the setting', (_name, wrong) => {
    const env = { GRIDWATCH: JSON.stringify({ settings: { ...DEFAULT_SETTINGS, ...wrong }, deployment: DEPLOYED }) };
    expect(() => fromEnv(env)).toThrow(`not usable: settings.${Object.keys(wrong).join()}: missing or not`);
  });

  test('says everything that is wrong in one error, and no value', () => {
    const { tableName: _, ...rest } = { ...DEFAULT_SETTINGS, minShare: 7, hosts: [] as string[], tableName: '' };
    const env = toEnv(rest, { alertTopicArn: 'arn:secret-looking' });
    expect(() => fromEnv(env)).toThrow(
      'environment variable GRIDWATCH is not usable: settings.hosts: missing or not "any" or a list of hosts; settings.minShare: missing or not a share; ' +
        'deployment.tableName: missing or not a text; deployment.chatTopicArn: missing or not a text or null; ' +
        'deployment.quarantineBucket: missing or not a text; deployment.saltSecretArn: missing or not a text; ' +
        'deployment.slackSecretArn: missing or not a text or null; deployment.ownLogGroups: missing or not a list of texts; ' +
        'deployment.allowedOwners: missing or not a list of texts; deploy the stack again',
    );
    expect(() => fromEnv(env)).not.toThrow(/secret-looking/);
  });
});
