/**
 * Secrets by ARN, kept in memory for at most five minutes, so that a rotated one is in use soon. The error names the secret
 * and what to do; a secret's value is never in an error or a log line.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { coded } from './coded.ts';

const KEPT_MS = 5 * 60_000;

/** Errors that trying again does not cure: somebody has to do something. */
const LASTING: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'does not exist in this region; create it',
  AccessDeniedException: 'may not be read; allow this role secretsmanager:GetSecretValue, and its key where it has one',
  DecryptionFailure: 'cannot be decrypted; allow this role its key',
  InvalidRequestException: 'is deleted or about to be; restore it',
};

export interface Secrets {
  /** The text of a secret; `fresh` asks Secrets Manager even when it is known. Throws `SECRET_UNREADABLE` (somebody has to do something) or `SECRET_FAILED`. */
  get(arn: string, options?: { readonly fresh?: boolean }): Promise<string>;
}

export function secretReader({
  client,
  now = Date.now,
}: {
  readonly client: SecretsManagerClient;
  readonly now?: () => number;
}): Secrets {
  const known = new Map<string, { readonly text: string; readonly untilMs: number }>();
  return {
    get: async (arn, { fresh = false } = {}) => {
      const kept = known.get(arn);
      if (kept && kept.untilMs > now() && !fresh) return kept.text;
      const text = await read(client, arn);
      known.set(arn, { text, untilMs: now() + KEPT_MS });
      return text;
    },
  };
}

async function read(client: SecretsManagerClient, arn: string): Promise<string> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (SecretString !== undefined) return SecretString;
  } catch (cause) {
    const name = String(Object(cause).name);
    const lasting = Object.hasOwn(LASTING, name) ? LASTING[name] : undefined;
    if (lasting !== undefined) throw coded('SECRET_UNREADABLE', `Secret ${arn} ${lasting}.`, cause);
    throw coded('SECRET_FAILED', `secretsmanager:GetSecretValue of ${arn} failed with ${name}.`, cause);
  }
  throw coded('SECRET_UNREADABLE', `Secret ${arn} holds no text; put the text in as its SecretString.`);
}
