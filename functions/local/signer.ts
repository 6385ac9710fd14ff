/**
 * Signs requests to a Function URL with the credentials that the AWS SDK finds: environment, profiles, SSO, instance roles.
 * Imported on first use: the SDK would double the start-up time of every other question.
 */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { AwsV4Signer } from 'aws4fetch';

export interface Signed {
  readonly url: string;
  readonly headers: Headers;
}
export type Sign = (request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}) => Promise<Signed>;

export function signerFor(region: string): Sign {
  // That the SDK will want a newer Node one day is nothing for the person who asks.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  // Any client of the SDK has the default chain; it renews what expires.
  const { credentials } = new CloudWatchLogsClient({ region }).config;
  return async (request) => {
    const identity = await credentials().catch((cause: unknown) => {
      const sentence =
        'No AWS credentials were found; run `aws sso login`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
      throw Object.assign(new Error(sentence, { cause }), { code: 'NO_CREDENTIALS' });
    });
    const signer = new AwsV4Signer({ ...request, ...definedOf(identity), service: 'lambda', region });
    const { url, headers } = await signer.sign();
    return { url: url.toString(), headers };
  };
}

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}
const definedOf = ({ accessKeyId, secretAccessKey, sessionToken }: Identity) => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken && { sessionToken }),
});
