/** The query API as an OpenAPI 3.1 document, made of the schemas that validate it (`query.ts`). */
import * as z from 'zod/mini';
import { ANSWERS, type OperationId, problemAnswer } from './answers.ts';
import { ABOUT, ENDPOINTS, type Endpoint, newSilence } from './query.ts';

const schemaOf = (schema: z.core.$ZodType, io: 'input' | 'output' = 'input'): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, metadata: ABOUT, unrepresentable: 'any' });
  return rest;
};

const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function parameter(name: string, schema: z.core.$ZodType, where: 'query' | 'path') {
  const { description, example, ...rest } = schemaOf(schema);
  return {
    ...{ name, in: where, required: where === 'path', description, schema: rest },
    ...(example === undefined ? {} : { example }),
    ...(rest['type'] === 'array' && { style: 'form', explode: false }),
  };
}

const TABLES: readonly string[] = ['/v1/summary', '/v1/series', '/v1/alerts', '/v1/silences'];

export type Operation = ReturnType<typeof operation>;

function operation({ method, path, what, asked }: Endpoint) {
  const id = operationId(method, path);
  const isList = method === 'get' && TABLES.includes(path);
  const bad = { description: 'what is wrong, and what is allowed', content: problemContent };
  return {
    ...{ operationId: id, summary: what },
    parameters: [
      ...(path.includes('{id}') ? [parameter('id', z.string(), 'path')] : []),
      ...Object.entries(asked).map(([name, schema]) => parameter(name, schema, 'query')),
    ],
    ...(method === 'post' && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(newSilence) } } },
    }),
    responses: {
      [method === 'post' ? '201' : '200']: {
        description: what,
        content: {
          'application/json': { schema: refTo(id) },
          ...(isList && { 'text/csv': { schema: { type: 'string' } } }),
        },
      },
      '400': bad,
      ...(path.includes('{id}') && { '404': bad }),
      ...(method !== 'get' && { '403': bad }),
    },
  };
}

const problemContent = { 'application/problem+json': { schema: refTo('problem') } };
/** `getAlertsId` for GET /v1/alerts/{id}. */
const operationId = (method: string, path: string): OperationId =>
  (method +
    [...path.matchAll(/[a-z]+/g)]
      .slice(1)
      .map(([word]) => word.charAt(0).toUpperCase() + word.slice(1))
      .join('')) as OperationId;

export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of ENDPOINTS) {
    const here = paths[endpoint.path] ?? {};
    here[endpoint.method] = operation(endpoint);
    paths[endpoint.path] = here;
  }
  const schemas = Object.entries(ANSWERS).map(([name, schema]) => [name, schemaOf(schema, 'output')]);
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: { title: 'gridwatch query API', version, description: 'Which LLMGrid calls fail, why, and since when.' },
    paths,
    components: { schemas: { ...Object.fromEntries(schemas), problem: schemaOf(problemAnswer, 'output') } },
  };
}
