/** Servers of others that tests start, in a Python environment that `scripts/services/setup.sh` makes once for each machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const folder = join(__dirname, '..', '..', 'scripts', 'services');

export interface Service {
  readonly port: number;
  stop(): Promise<void>;
}

/** The interpreter; or null, with the reason printed, where there is no Python of a version that has the packages, or no registry. */
export function servicesPython(): string | null {
  const { status, stdout, stderr, error } = spawnSync(join(folder, 'setup.sh'), { encoding: 'utf8', timeout: 600_000 });
  if (status === 0) return stdout.trim();
  process.stderr.write(`Not run with servers of others: ${error?.message ?? stderr.trim()}\n`);
  return null;
}

/** A server that speaks S3. */
export async function startBuckets(): Promise<Service | null> {
  const python = servicesPython();
  if (python === null) return null;
  const port = await freePort();
  return started(
    spawn(python, [join(folder, 'buckets.py'), String(port)], { stdio: ['ignore', 'pipe', 'inherit'] }),
    port,
  );
}

/** A redis-server, whose data is gone with it. */
export async function startRedis(): Promise<Service | null> {
  const python = servicesPython();
  if (python === null) return null;
  const port = await freePort();
  const program = join(dirname(python), 'redis-server');
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  return started(
    spawn(program, [...options, '--maxmemory-policy', 'noeviction'], { stdio: ['ignore', 'pipe', 'inherit'] }),
    port,
  );
}

function started(child: ChildProcess, port: number): Promise<Service> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const closed = new Promise<void>((done) => child.once('close', () => done()));
    const stop = async () => {
      child.kill('SIGKILL');
      await closed;
    };
    child.stdout?.on('data', (text: Buffer) => {
      printed += text.toString();
      if (/ready/i.test(printed)) resolve({ port, stop });
    });
    child.once('error', reject);
    void closed.then(() => reject(new Error(`the server ended before it was ready: ${printed}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
