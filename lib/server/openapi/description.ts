/** What the server tells of itself in OpenAPI 3.1: every route, with its bodies, parameters and answers. */
import { packageVersion } from '../../native/binding.js';
import type { Limits } from '../limits.js';
import { datatypes, type RefusalReason, refusals } from '../protocol/index.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: JsonObject): JsonObject => ({ 'application/json': { schema } });
const object = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  ...{ type: 'object', properties, required },
});
const list = (items: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'array', items, ...more });
const text: JsonObject = { type: 'string' };

const schemas = ({ maxImages }: Limits): JsonObject => ({
  Error: object({ error: { type: 'string', description: 'What is wrong.' } }, ['error']),
  Parameters: {
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
    maxProperties: 64,
  },
  Input: object(
    {
      name: { const: 'images' },
      datatype: { enum: datatypes.filter((type) => ['FP32', 'UINT8', 'BYTES'].includes(type)) },
      shape: list(
        { type: 'integer', minimum: 1 },
        { minItems: 1, maxItems: 4, description: `At most ${maxImages} images.` },
      ),
      parameters: {
        ...object({
          binary_data_size: { type: 'integer', minimum: 0, description: 'Bytes of this tensor behind the JSON part.' },
          content_type: { enum: ['text', 'base64'], description: 'Of BYTES in JSON.' },
        }),
      },
      data: list({}, { description: 'Values in row-major order, in one list or in lists as the shape says.' }),
    },
    ['name', 'datatype', 'shape'],
  ),
  RequestedOutput: object(
    {
      name: { enum: ['logits', 'predictions', 'features'] },
      parameters: object({
        binary_data: { type: 'boolean' },
        classification: { type: 'integer', minimum: 1, description: 'So many classes as text, value:index:label.' },
      }),
    },
    ['name'],
  ),
  InferRequest: object(
    {
      id: { type: 'string', maxLength: 1024 },
      parameters: object({
        timeout: { type: 'integer', minimum: 0, description: 'Microseconds; 0 for the limit of the server.' },
        priority: {
          type: 'integer',
          minimum: 0,
          maximum: 65536,
          description: '1 is the most urgent, 0 the usual one.',
        },
        binary_data_output: { type: 'boolean' },
      }),
      inputs: list(ref('Input'), { minItems: 1, maxItems: 1 }),
      outputs: list(ref('RequestedOutput'), { minItems: 1 }),
    },
    ['inputs'],
  ),
  Output: object(
    {
      name: text,
      datatype: { enum: ['FP32', 'BYTES'] },
      shape: list({ type: 'integer' }),
      parameters: ref('Parameters'),
      data: list({}),
    },
    ['name', 'datatype', 'shape'],
  ),
  InferResponse: object({ id: text, model_name: text, model_version: text, outputs: list(ref('Output')) }, [
    'model_name',
    'model_version',
    'outputs',
  ]),
  Classification: object(
    {
      model_name: text,
      model_version: text,
      predictions: list(
        object({ index: { type: 'integer' }, label: text, probability: { type: 'number' } }, [
          'index',
          'label',
          'probability',
        ]),
      ),
    },
    ['model_name', 'model_version', 'predictions'],
  ),
  TensorMetadata: object({ name: text, datatype: text, shape: list({ type: 'integer' }) }, [
    'name',
    'datatype',
    'shape',
  ]),
  ModelMetadata: object(
    {
      name: text,
      versions: list(text),
      platform: text,
      inputs: list(ref('TensorMetadata')),
      outputs: list(ref('TensorMetadata')),
    },
    ['name', 'versions', 'platform', 'inputs', 'outputs'],
  ),
  ModelCard: object(
    {
      ...{ name: text, ready: { type: 'boolean' }, version: text, network: text },
      input: object({ height: { type: 'integer' }, width: { type: 'integer' } }, ['height', 'width']),
      ...{ precision: text, device: text, classes: { type: 'integer' }, labels: { type: 'boolean' } },
    },
    ['name', 'ready', 'version', 'network', 'input', 'precision', 'device', 'classes', 'labels'],
  ),
  ServerMetadata: object({ name: text, version: text, extensions: list(text) }, ['name', 'version', 'extensions']),
  Statistics: object({ model_stats: list({ type: 'object' }) }, ['model_stats']),
  IndexEntry: object({ name: text, version: text, state: text, reason: text }, ['name', 'state']),
});

const name: JsonObject = { name: 'name', in: 'path', required: true, schema: text, description: 'Name of a model.' };
const version: JsonObject = { name: 'version', in: 'path', required: true, schema: text, description: 'Its version.' };

/** Answers: the one that is meant, and the refusals that may come. */
function answers(content: JsonObject | null, ...reasons: readonly RefusalReason[]): JsonObject {
  const byStatus: Record<string, Json> = {
    200: { description: 'Done.', ...(content === null ? {} : { content }) },
  };
  for (const reason of [...reasons, 'unauthorized', 'too_large', 'slow_request'] as const) {
    const { http, what } = refusals[reason];
    const before = byStatus[http] as { description: string } | undefined;
    const description = before === undefined ? what : `${before.description}; ${what}`;
    byStatus[http] = { description, content: json(ref('Error')) };
  }
  return byStatus;
}

/** A path for a model, and the same for one of its versions. */
function ofModel(path: string, method: string, operation: JsonObject): [string, JsonObject][] {
  const [before, after] = path.split('{name}') as [string, string];
  return [
    [path, { [method]: { ...operation, parameters: [name, ...((operation.parameters as Json[] | undefined) ?? [])] } }],
    [
      `${before}{name}/versions/{version}${after}`,
      {
        [method]: {
          ...operation,
          parameters: [name, version, ...((operation.parameters as Json[] | undefined) ?? [])],
        },
      },
    ],
  ];
}

/** Headers that are known before the body. */
const wishes: readonly JsonObject[] = [
  {
    ...{ name: 'Slimnet-Timeout-Ms', in: 'header', schema: { type: 'integer', minimum: 0 } },
    description: 'Time limit in milliseconds; 0 for that of the server.',
  },
  {
    ...{ name: 'Slimnet-Priority', in: 'header', schema: { type: 'integer', minimum: 0, maximum: 65536 } },
    description: '1 is the most urgent, 0 the usual one.',
  },
];
const whileBusy = ['overloaded', 'busy', 'not_ready', 'timeout', 'failed', 'stopping'] as const;

/** What a server has besides the rest. */
interface Parts {
  readonly modelControl: boolean;
  readonly profiling: boolean;
  readonly metrics: boolean;
}

/** The description of a server. */
export function openApi(limits: Limits, { modelControl, profiling, metrics }: Parts): JsonObject {
  const paths: [string, JsonObject][] = [
    [
      '/v2/health/live',
      {
        get: {
          summary: 'Whether the process lives.',
          security: [],
          responses: answers(json(object({ live: { type: 'boolean' } }))),
        },
      },
    ],
    [
      '/v2/health/ready',
      {
        get: {
          summary: 'Whether every model is loaded and warm.',
          security: [],
          responses: answers(json(object({ ready: { type: 'boolean' } })), 'not_ready'),
        },
      },
    ],
    ['/v2', { get: { summary: 'What the server is.', responses: answers(json(ref('ServerMetadata'))) } }],
    ['/openapi.json', { get: { summary: 'This description.', responses: answers(json({ type: 'object' })) } }],
    ...ofModel('/v2/models/{name}/ready', 'get', {
      summary: 'Whether a model answers.',
      responses: answers(json(object({ name: text, ready: { type: 'boolean' } })), 'not_found', 'not_ready'),
    }),
    ...ofModel('/v2/models/{name}', 'get', {
      summary: 'What a model takes and gives.',
      responses: answers(json(ref('ModelMetadata')), 'not_found', 'not_ready'),
    }),
    [
      '/v1/models',
      {
        get: {
          summary: 'The names of all models.',
          responses: answers(json(object({ models: list(text) }, ['models']))),
        },
      },
    ],
    ...ofModel('/v1/models/{name}', 'get', {
      summary: 'What a model is, for people.',
      responses: answers(json(ref('ModelCard')), 'not_found', 'not_ready'),
    }),
    ...ofModel('/v2/models/{name}/config', 'get', {
      summary: "What a model takes and gives, as Triton's configurations have it.",
      responses: answers(json({ type: 'object' }), 'not_found', 'not_ready'),
    }),
    ...ofModel('/v2/models/{name}/stats', 'get', {
      summary: "Counts and times of a model, as Triton's statistics have them.",
      responses: answers(json(ref('Statistics')), 'not_found', 'not_ready'),
    }),
    [
      '/v2/models/stats',
      { get: { summary: 'Counts and times of all models.', responses: answers(json(ref('Statistics'))) } },
    ],
    ...ofModel('/v2/models/{name}/infer', 'post', {
      summary: 'Inference.',
      parameters: [
        {
          name: 'Inference-Header-Content-Length',
          in: 'header',
          schema: { type: 'integer', minimum: 0 },
          description: 'Bytes of the JSON part of a body that has tensors behind it.',
        },
        { name: 'Content-Encoding', in: 'header', schema: { enum: ['gzip', 'deflate', 'identity'] } },
        ...wishes,
      ],
      requestBody: {
        required: true,
        description: `At most ${limits.maxBodyBytes} bytes, unpacked.`,
        content: {
          'application/json': { schema: ref('InferRequest') },
          'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
        },
      },
      responses: answers(
        { ...json(ref('InferResponse')), 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
        ...(['malformed', 'bad_tensor', 'bad_image', 'not_found', 'unsupported_type'] as const),
        ...whileBusy,
      ),
    }),
    ...ofModel('/v1/models/{name}:classify', 'post', {
      summary: 'The most probable classes of the picture in the body.',
      parameters: [{ name: 'top_k', in: 'query', schema: { type: 'integer', minimum: 1 } }, ...wishes],
      requestBody: {
        required: true,
        content: { 'image/*': { schema: { type: 'string', format: 'binary' } }, 'application/octet-stream': {} },
      },
      responses: answers(json(ref('Classification')), 'malformed', 'bad_image', 'not_found', ...whileBusy),
    }),
    ...(metrics
      ? [
          [
            '/metrics',
            { get: { summary: "Metrics in Prometheus' format.", responses: answers({ 'text/plain': {} }) } },
          ] as [string, JsonObject],
        ]
      : []),
    ...(profiling
      ? ofModel('/v2/models/{name}/profile', 'get', {
          summary: 'What each layer takes, as a trace for Chrome and Perfetto.',
          parameters: [{ name: 'images', in: 'query', schema: { type: 'integer', minimum: 1 } }],
          responses: answers(json({ type: 'object' }), 'malformed', 'not_found', ...whileBusy),
        })
      : []),
    ...(modelControl ? controlPaths() : []),
  ];
  return {
    openapi: '3.1.0',
    info: {
      title: 'slimnet',
      version: packageVersion(),
      description: 'Models by the Open Inference Protocol (KServe v2).',
    },
    paths: Object.fromEntries(paths),
    components: { schemas: schemas(limits), securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
  };
}

function controlPaths(): [string, JsonObject][] {
  const change = (summary: string): JsonObject => ({
    post: { summary, parameters: [name], responses: answers(null, 'malformed', 'not_found', 'not_ready', 'failed') },
  });
  return [
    [
      '/v2/repository/index',
      {
        post: {
          summary: 'All models, with their states.',
          requestBody: { content: json(object({ ready: { type: 'boolean' } })) },
          responses: answers(json(list(ref('IndexEntry'))), 'malformed'),
        },
      },
    ],
    ['/v2/repository/models/{name}/load', change('Loads a model, or loads it anew.')],
    ['/v2/repository/models/{name}/unload', change('Takes a model out of service.')],
  ];
}
