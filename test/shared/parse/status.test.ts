/** Where three digits are a status: what stands around them says so, in many words and few ways. */
import { statusInText } from '../../../shared/parse/status.ts';

test.each([
  [500, "<class 'google.api_core.exceptions.InternalServerError'> 500 Something broke"],
  [429, 'chat request failed [429]: slow down'],
  [503, '503 '],
  [503, '503: upstream says no'],
  [500, '500: AzureException - Error code: 404'],
  [400, '  ✖ 400 Wrong type for this field'],
  [401, 'Error while asking for a summary of item 17 with a model: 401 Key expired'],
  [404, 'provider error 404: '],
  [400, 'reading the stream: Error 400, Message: too long'],
  [404, 'Error handling request 404 The model is gone'],
  [429, '并发超限（429）：请稍后重试'],
  [503, '状态码: 503'],
  [401, 'error=http 401 Unauthorized'],
  [502, "message='answer' path=/v1/x response_code=502"],
  [404, 'Error response [3d125785-6d67] 404 DeploymentNotFound (00.2s)'],
  [404, 'probe answered with status code: 200, then: Request failed: 404 page not found'],
  [200, 'answered with status code: 200 after 429 milliseconds'],
  [null, 'an error after 429 tokens'],
  [null, 'failed on port 500, attempt 404'],
  [null, 'took (429) long'],
  [429, "client_exceptions.ClientResponseError: 429, message='x'"],
  [503, 'Response status code does not indicate success: 503 (x)'],
  [402, 'the router answered 402: pay first'],
  [null, 'the model returned 500 rows'],
  [403, 'POST https://x.example/v1 403 <!DOCTYPE html>'],
  [null, 'job failed: exit status 500'],
])('%p in %s', (status, text) => {
  expect(statusInText(text)).toBe(status);
});
