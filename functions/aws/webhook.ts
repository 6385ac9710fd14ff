/**
 * A post to a Slack webhook. Whoever may change the secret must not be able to make this function talk to anything else
 * (its own runtime API, the instance's credentials, a machine in the VPC): the address has to be written exactly as Slack
 * gives it, no redirect is followed, and the answer is read for 64 KB and 5 seconds at most.
 */

/** As Slack gives them, letter by letter: no other scheme, host, user, port, escape, query or fragment has this form. */
const SLACK_WEBHOOK = /^https:\/\/hooks\.slack(?:-gov)?\.com\/(?:[A-Za-z0-9_-]{1,100}\/){1,5}[A-Za-z0-9_-]{1,100}$/;
const TIMEOUT_MS = 5000;
const MAX_BYTES = 64 * 1024;

export interface Answer {
  /** Null: there was none, and nobody knows whether the message was taken. */
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** Slack's word for it, such as `no_service`; null unless it is a plain word. */
  readonly word: string | null;
}

/** The address, or null when it is not one of Slack's webhooks. Blanks and line ends around it are no fault. */
export function webhookUrl(secret: string): URL | null {
  const text = secret.trim();
  return SLACK_WEBHOOK.test(text) ? new URL(text) : null;
}

/** Posts JSON once. Never throws: an answer that did not come is an answer with status null. */
export async function postJson(url: URL, body: string): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      // A kept connection would be dead after the pause between two invocations, and its error would delay the alert.
      headers: { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return {
      status: response.status,
      retryAfterMs: retryAfterOf(response.headers.get('retry-after')),
      word: await wordOf(response),
    };
  } catch {
    return { status: null, retryAfterMs: null, word: null };
  }
}

function retryAfterOf(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}

/** The status is the answer; that its text breaks off changes nothing. */
async function wordOf(response: Response): Promise<string | null> {
  let text = '';
  let bytes = 0;
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) break;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    return null;
  }
  return /^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : null;
}
