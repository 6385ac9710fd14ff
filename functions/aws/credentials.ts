/**
 * Lambda hands a function its credentials in the environment. The SDK's default would also look into files, SSO and instance
 * metadata; build.mjs puts this in its place, which spares each bundle 130 KB and a third of its start-up time.
 */
import { coded } from './coded.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Has the name and the shape of what it replaces: a function that makes a provider. */
export const defaultProvider = () => async (): Promise<Credentials> => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  throw coded('NO_CREDENTIALS', 'The environment holds no AWS credentials; this bundle is made to run in Lambda.');
};
