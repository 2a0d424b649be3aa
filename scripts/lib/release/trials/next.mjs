/** A server of Next.js with `output: 'standalone'`, as docs/installing.md sets it up: what it copies runs elsewhere, and says so where the addon was left behind. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { capture } from '../../process.mjs';
import { runAsync } from '../run_async.mjs';
import { toolFolder, tools } from '../tools.mjs';
import { inProject, TrialError } from './project.mjs';

/** The settings in docs/installing.md. */
export const nextConfig = {
  output: 'standalone',
  serverExternalPackages: ['slimnet'],
  outputFileTracingIncludes: { '/*': ['./node_modules/slimnet/**', './node_modules/@slimnet/**'] },
};

const files = {
  'next.config.mjs': `export default ${JSON.stringify(nextConfig)};\n`,
  'app/layout.jsx': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n',
  'app/page.jsx': 'export default () => <p>slimnet</p>;\n',
  'app/relu/route.js': `import { Graph, placeholder, Session, slim } from 'slimnet';

export const dynamic = 'force-dynamic';

export async function GET() {
  try {
    const graph = new Graph();
    const y = graph.build(() => slim.relu(placeholder('float32', [2], { name: 'x' })));
    const session = await Session.create(graph, { device: 'cpu' });
    const { y: { data } } = await session.run({ x: Float32Array.of(-1, 2) }, { y });
    return Response.json({ answer: Array.from(data) });
  } catch (error) {
    return Response.json({ code: error.code, message: error.message });
  }
}
`,
};

/** Puts Next.js and what it needs beside what is installed: it is not in the registry of the trials. */
async function addNext(project) {
  const modules = dirname(await toolFolder('next'));
  const target = join(project.folder, 'node_modules');
  const scoped = (folder, name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((one) => `${name}/${one}`) : [name];
  for (const name of readdirSync(modules).flatMap((one) => scoped(modules, one))) {
    const [from, to] = [join(modules, name), join(target, name)];
    if (existsSync(to)) continue;
    mkdirSync(dirname(to), { recursive: true });
    // Links where the file system can, for it is half a gigabyte.
    if (capture('cp', ['-al', from, to]).status !== 0) cpSync(from, to, { recursive: true });
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What the standalone server in `folder` answers. */
async function answerOf(folder, env) {
  const port = await freePort();
  const server = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...env, PORT: String(port), HOSTNAME: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    for (const last = Date.now() + 120_000; ; await sleep(200)) {
      const response = await fetch(`http://127.0.0.1:${port}/relu`).catch(() => null);
      if (response) return { status: response.status, body: await response.text(), output };
      if (server.exitCode !== null || Date.now() > last) throw new TrialError(`the server does not answer:\n${output}`);
    }
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

async function standalone({ url, version }) {
  return inProject('npm', { url, version }, async (project) => {
    await addNext(project);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project.folder, name)), { recursive: true });
      writeFileSync(join(project.folder, name), text);
    }
    const env = { ...project.env, NEXT_TELEMETRY_DISABLED: '1' };
    const next = join(project.folder, 'node_modules', 'next', tools.next.file);
    const built = await runAsync(process.execPath, [next, 'build'], { cwd: project.folder, env, timeoutMs: 1_200_000 });
    if (built.status !== 0) throw new TrialError(`next build failed:\n${built.stdout}${built.stderr}`);
    // Away from the project, so that nothing is found above it.
    const folder = join(project.base, 'elsewhere');
    cpSync(join(project.folder, '.next', 'standalone'), folder, { recursive: true, verbatimSymlinks: true });
    rmSync(project.folder, { recursive: true });
    const answer = await answerOf(folder, env);
    if (answer.body !== '{"answer":[0,2]}')
      throw new TrialError(`it answers ${answer.status} ${answer.body}\n${answer.output}`);
    rmSync(join(folder, 'node_modules', '@slimnet', 'linux-x64', 'slimnet.node'));
    const without = await answerOf(folder, env);
    if (!/ERR_NATIVE_LOAD.*slimnet\.node: no such file/s.test(without.body))
      throw new TrialError(`without the addon it answers ${without.status} ${without.body}`);
    return 'it runs away from its project, and without the addon the error names the file';
  });
}

export const nextTrials = [{ name: "Next.js 16, output: 'standalone'", run: standalone }];
