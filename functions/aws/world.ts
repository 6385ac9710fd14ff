/**
 * The world of a deployed function: clients made once per process, on first use. Each function's bundle holds only what its
 * entry point asks for here, because nothing is made when this file is loaded.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Store } from '../../shared/ports.ts';
import { type Deployment, fromEnv, type Settings } from '../../shared/settings.ts';
import { coded } from './coded.ts';
import type { IngestWorld } from './delivery.ts';
import type { Objects } from './objects.ts';
import { once } from './once.ts';
import { type Quarantine, quarantine } from './quarantine.ts';
import { type Secrets, secretReader } from './secrets.ts';
import { dynamoStore } from './store.ts';
import { type Topic, topicOf } from './topic.ts';

const environment = /* @__PURE__ */ once(() => fromEnv(process.env));

/** Throws with what is missing, so that a function deployed without it says so. */
export function deployed<Name extends keyof Deployment>(name: Name): NonNullable<Deployment[Name]> {
  const value = environment().deployment[name];
  if (value != null) return value;
  throw coded('NOT_DEPLOYED', `The deployment has no ${name}; deploy the stack again.`);
}

export const optional = <Name extends keyof Deployment>(name: Name): Deployment[Name] | null =>
  environment().deployment[name] ?? null;

/** For functions that hash no key. */
export const settings = (): Settings => ({ ...environment().settings, keySalt: '' });

export const secrets = /* @__PURE__ */ once((): Secrets => secretReader({ client: new SecretsManagerClient({}) }));

/** The salt never changes, or one key would have two names: it is read once per process. */
export const saltedSettings = /* @__PURE__ */ once(
  async (): Promise<Settings> => ({
    ...environment().settings,
    keySalt: await secrets().get(deployed('saltSecretArn')),
  }),
);

export const store = /* @__PURE__ */ once(
  (): Store => dynamoStore({ client: new DynamoDBClient({}), tableName: deployed('tableName') }),
);

const sns = /* @__PURE__ */ once(() => new SNSClient({}));
export const topic = (arn: string): Topic => topicOf(sns(), arn);

/** Loaded on first use: see `objects.ts`. */
export const objects = /* @__PURE__ */ once(
  async (): Promise<Objects> => (await import('./objects.ts')).bucketObjects(deployed('quarantineBucket')),
);

export const quarantined = /* @__PURE__ */ once(
  (): Quarantine => quarantine({ store: store(), objects, now: Date.now }),
);

/** For `ingest` and `redrive`. */
export const deliveryWorld = async (): Promise<IngestWorld> => ({
  store: store(),
  settings: await saltedSettings(),
  quarantine: quarantined(),
  allowedOwners: deployed('allowedOwners'),
  ownLogGroups: deployed('ownLogGroups'),
  nowMs: Date.now(),
});
