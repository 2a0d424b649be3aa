/** The methods that a server has over gRPC: one entry each. A message comes in; one goes out, or several where something is watched. */
import { configurationOf, infer, metadataOf, serverMetadata } from '../inference/index.js';
import type { Operation } from '../monitor.js';
import { RequestError } from '../protocol/index.js';
import { assertNoParameters, indexEntries } from '../repository/index.js';
import type { Service } from '../service.js';
import { HealthCheck } from './health.js';
import { decodeInferRequest, encodeInferResponse } from './infer_messages.js';
import {
  decodeIndexRequest,
  decodeModelName,
  decodeRepositoryRequest,
  encodeFlag,
  encodeIndex,
  encodeModelMetadata,
  encodeServerMetadata,
} from './messages.js';
import { encodeConfiguration, encodeStatistics } from './triton_messages.js';
import type { UnaryCall } from './unary_call.js';

export interface Method {
  readonly operation: Operation;
  /** Needs no token. */
  readonly open?: boolean;
  readonly answer: (
    message: Uint8Array,
    service: Service,
    call: UnaryCall,
  ) => Promise<Uint8Array> | AsyncIterable<Uint8Array>;
}

const inference = 'inference.GRPCInferenceService';
const nothing = new Uint8Array(0);

const always: Readonly<Record<string, Method>> = {
  [`/${inference}/ServerLive`]: { operation: 'health', open: true, answer: async () => encodeFlag(true) },
  [`/${inference}/ServerReady`]: {
    operation: 'health',
    open: true,
    answer: async (_, service) => encodeFlag(service.ready()),
  },
  [`/${inference}/ModelReady`]: {
    operation: 'health',
    answer: async (message, { repository }) => {
      const { name, version } = decodeModelName(message);
      try {
        repository.get(name, version);
        return encodeFlag(true);
      } catch (error) {
        if (error instanceof RequestError && error.reason === 'not_ready') return encodeFlag(false);
        throw error;
      }
    },
  },
  [`/${inference}/ServerMetadata`]: {
    operation: 'metadata',
    answer: async (_, { modelControl }) => encodeServerMetadata(serverMetadata(modelControl)),
  },
  [`/${inference}/ModelMetadata`]: {
    operation: 'metadata',
    answer: async (message, { repository }) => {
      const { name, version } = decodeModelName(message);
      const served = repository.get(name, version);
      return encodeModelMetadata(metadataOf(served, version === undefined ? repository.versions(name) : [version]));
    },
  },
  [`/${inference}/ModelConfig`]: {
    operation: 'metadata',
    answer: async (message, { repository, limits }) => {
      const { name, version } = decodeModelName(message);
      return encodeConfiguration(configurationOf(repository.get(name, version), limits.maxImages));
    },
  },
  [`/${inference}/ModelStatistics`]: {
    operation: 'metadata',
    answer: async (message, { repository, statistics }) => {
      const { name, version } = decodeModelName(message);
      const models = name === '' ? repository.served() : [repository.get(name, version)];
      return encodeStatistics(models.map((served) => statistics.of(served)));
    },
  },
  [`/${inference}/ModelInfer`]: { operation: 'infer', answer: answerInfer },
};

const modelControl: Readonly<Record<string, Method>> = {
  [`/${inference}/RepositoryIndex`]: {
    operation: 'repository',
    answer: async (message, { repository }) => encodeIndex(indexEntries(repository, decodeIndexRequest(message).ready)),
  },
  [`/${inference}/RepositoryModelLoad`]: {
    operation: 'repository',
    answer: async (message, { control }) => {
      const { name, parameters } = decodeRepositoryRequest(message);
      assertNoParameters(parameters);
      await control.load(name);
      return nothing;
    },
  },
  [`/${inference}/RepositoryModelUnload`]: {
    operation: 'repository',
    answer: async (message, { control }) => {
      await control.unload(decodeRepositoryRequest(message).name);
      return nothing;
    },
  },
};

/** By their paths. */
export function methodsOf(service: Service): Readonly<Record<string, Method>> {
  return { ...always, ...healthOf(service), ...(service.modelControl ? modelControl : {}) };
}

function healthOf(service: Service): Readonly<Record<string, Method>> {
  const health = new HealthCheck(inference, service);
  const path = '/grpc.health.v1.Health';
  return {
    [`${path}/Check`]: { operation: 'health', open: true, answer: async (message) => health.check(message) },
    [`${path}/Watch`]: {
      operation: 'health',
      open: true,
      answer: (message, _, { signal }) => health.watch(message, signal),
    },
  };
}

async function answerInfer(message: Uint8Array, service: Service, call: UnaryCall): Promise<Uint8Array> {
  const { modelName, modelVersion, request, raw } = decodeInferRequest(message);
  const served = service.repository.get(modelName, modelVersion === '' ? undefined : modelVersion);
  const { name, version, model } = served;
  call.model = { name, version };
  return call.traced(async () => {
    const limits = call.limits();
    const refusal = model.refusal(model.outputs, 1, limits);
    if (refusal !== null) throw refusal;
    const response = await infer(served, request, {
      ...{ signal: call.signal, maxImages: service.limits.maxImages, turns: service.turns, ...limits },
      onImages: (count) => {
        call.images = count;
      },
    });
    return encodeInferResponse(response, raw);
  });
}
