/**
 * One reader per kind of setting: unknown in, a value out or the sentence that says what is wrong and how to put it right.
 * A setting comes from JSON (`["a", "b"]`, `0.1`) or from the command line, where everything is text (`a,b`, `0.1`).
 */
export type Read<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly problems: readonly [string, ...string[]]; readonly value?: undefined };
export type Reader<T> = (input: unknown) => Read<T>;

export interface Chat {
  readonly workspaceId: string;
  readonly channelId: string;
}

/** Retention periods that CloudWatch Logs knows, in days. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/** gridwatch's own functions log below this prefix, so that no gridwatch can ever be told to read one. */
export const OWN_LOG_GROUPS = '/gridwatch/';

const LOG_GROUP = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const EMAIL = /^[^\s@,;<>"]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/;
const HOST = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}$/;
const SECRET = /^(?:arn:[a-z-]{3,20}:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}$/;

const refuse = (...problems: [string, ...string[]]): Read<never> => ({ problems });
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

/** Reads every item and keeps every problem; a repeated item is a problem too. */
function list(what: string, problemOf: (item: string) => string | null): Reader<readonly string[]> {
  return (input) => {
    const items = typeof input === 'string' ? input.split(',') : input;
    if (!Array.isArray(items) || !items.every((item): item is string => typeof item === 'string')) {
      return refuse(
        `${shown(input)} is not a list of ${what}; write ["a", "b"] in the file or a,b on the command line`,
      );
    }
    const value = items.map((item) => item.trim()).filter((item) => item !== '');
    const twice = new Set(value.filter((item, index) => value.indexOf(item) !== index));
    const [first, ...rest] = [
      ...value.map(problemOf).filter((problem) => problem !== null),
      ...[...twice].map((item) => `${item} is listed twice; remove one`),
    ];
    return first === undefined ? { value } : refuse(first, ...rest);
  };
}

export const logGroups = list('log group names', (name) => {
  if (name.startsWith(OWN_LOG_GROUPS)) {
    return `LOOP: log group ${name} belongs to gridwatch itself, and its lines would come back for ever; leave it out`;
  }
  const fromArn = /^arn:[^:]{0,20}:logs:[^:]{0,30}:[^:]{0,20}:log-group:([^:]+)/.exec(name)?.[1];
  if (fromArn !== undefined) return `${shown(name)} is an ARN; give the name ${fromArn}`;
  if (name.includes('*')) {
    return `${shown(name)} is a pattern; list the log groups by name, or read all of them with via=account-policy`;
  }
  if (LOG_GROUP.test(name)) return null;
  return `${shown(name)} cannot be a log group (letters, digits and . - _ / #); "aws logs describe-log-groups" lists yours`;
});

export const emails = list('e-mail addresses', (address) =>
  EMAIL.test(address) ? null : `${shown(address)} is not an e-mail address; write one like oncall@example.com`,
);

const hostNames = list('host names', (host) => {
  if (host.includes('://')) return `${shown(host)} is a URL; write only its host, like llmgrid.ai`;
  return HOST.test(host) ? null : `${shown(host)} is not a host name; write one like llmgrid.ai, or any`;
});
export const hosts: Reader<readonly string[] | 'any'> = (input) => {
  if (input === 'any') return { value: 'any' };
  const read = hostNames(input);
  return read.value?.length === 0 ? refuse('no host; write one like llmgrid.ai, or any') : read;
};

/** The URL itself is the secret, so it is never repeated. */
export const secretName: Reader<string> = (input) => {
  if (typeof input === 'string' && SECRET.test(input)) return { value: input };
  if (typeof input === 'string' && input.includes('://')) {
    return refuse(
      'this is a webhook URL, and whoever has it can post: keep it in Secrets Manager ' +
        '("aws secretsmanager create-secret --name gridwatch/slack --secret-string URL") and give the name of the secret',
    );
  }
  return refuse('this is not the name or ARN of a secret; "aws secretsmanager list-secrets" lists yours');
};

const IDS = 'T0123ABCD/C0456EFGH';
export const chat: Reader<Chat> = (input) => {
  const [workspaceId, channelId, ...rest] = typeof input === 'string' ? input.split('/') : idsOf(input);
  if (workspaceId === undefined || channelId === undefined || rest.length > 0) {
    return refuse(`${shown(input)} is not workspaceId/channelId; write one like ${IDS}`);
  }
  if (/^[CG]/.test(workspaceId) && /^[TE]/.test(channelId)) {
    return refuse(`${shown(input)} names the channel first; write ${channelId}/${workspaceId}`);
  }
  if (/^[TE][A-Z0-9]{2,254}$/.test(workspaceId) && /^[CG][A-Z0-9]{2,254}$/.test(channelId)) {
    return { value: { workspaceId, channelId } };
  }
  return refuse(
    `${shown(input)} does not hold Slack's ids (not names): T… of the workspace, C… of the channel, like ${IDS}`,
  );
};

function idsOf(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  const { workspaceId, channelId } = input as Readonly<Record<string, unknown>>;
  return typeof workspaceId === 'string' && typeof channelId === 'string' ? [workspaceId, channelId] : [];
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
  readonly hint?: string;
}

export const number =
  ({ least, most, whole = false, hint = '' }: Range): Reader<number> =>
  (input) => {
    const value = typeof input === 'string' && input.trim() !== '' ? Number(input) : input;
    const fits = typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
    return fits
      ? { value }
      : refuse(`${shown(input)} is not a ${whole ? 'whole ' : ''}number from ${least} to ${most}${hint}`);
  };

export const retentionDays: Reader<number> = (input) => {
  const value = typeof input === 'string' ? Number(input) : input;
  if (typeof value === 'number' && RETENTION_DAYS.includes(value)) return { value };
  return refuse(
    `CloudWatch Logs cannot keep logs for ${shown(input)} days; choose one of ${RETENTION_DAYS.join(', ')}`,
  );
};

export const oneOf =
  <T extends string>(...choices: readonly T[]): Reader<T> =>
  (input) => {
    const value = choices.find((choice) => choice === input);
    return value === undefined ? refuse(`${shown(input)} is not one of ${choices.join(', ')}`) : { value };
  };

export const concurrency: Reader<number | 'unreserved'> = (input) =>
  input === 'unreserved'
    ? { value: 'unreserved' }
    : number({ least: 1, most: 1000, whole: true, hint: ', nor "unreserved"' })(input);

export const filterPattern: Reader<string> = (input) =>
  typeof input === 'string' && input.length <= 1024
    ? { value: input }
    : refuse(
        `${shown(input)} is not a CloudWatch Logs filter pattern of at most 1,024 characters; leave it out to read every event`,
      );

export const webAddress: Reader<string> = (input) =>
  typeof input === 'string' && /^https:\/\/[^\s/]+/.test(input) && URL.canParse(input)
    ? { value: input }
    : refuse(`${shown(input)} is not an https address; write one like https://status.example.com/gridwatch`);
