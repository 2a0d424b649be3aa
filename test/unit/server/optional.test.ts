/** A server on a machine where a library that it needs is not installed. */
import { ArgumentError } from '../../../lib/errors.js';
import { startServer } from '../../../lib/server/index.js';
import { fakeModel } from '../../helpers/fake_model.js';

const missing = (name: string) => () => {
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};
jest.mock('@grpc/grpc-js', () => missing('@grpc/grpc-js')());
jest.mock('prom-client', () => missing('prom-client')());
jest.mock('@opentelemetry/api', () => missing('@opentelemetry/api')());

test.each([
  ['@grpc/grpc-js', 'npm install @grpc/grpc-js@1', { grpcPort: 0, metrics: false }],
  ['prom-client', 'npm install fastify@5 prom-client@15', {}],
  ['@opentelemetry/api', 'npm install @opentelemetry/api@1', { tracing: true, metrics: false }],
] as const)('without %s what needs it is refused, with the command that installs it', async (name, hint, options) => {
  const refused = startServer({ models: { fake: fakeModel().model }, port: 0, ...options });
  await expect(refused).rejects.toThrow(ArgumentError);
  await expect(refused).rejects.toMatchObject({
    message: expect.stringContaining(`the package ${name}, which is not installed`),
    hint,
  });
});
