/** What is said of `cuda` where something of it is missing: one sentence, and no fall back to another device. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../helpers/temporary_folder.js';
import { root } from './support.js';

const addon = process.env.SLIMNET_ADDON ?? join(root, 'build', 'Release', 'slimnet.node');
const library = join(dirname(addon), 'slimnet_cudnn.so');
const base = temporaryFolder('gpu-library');
let folders = 0;

/** A folder with the addon, and what `prepare` puts beside it. */
function beside(prepare: (file: string) => void): string {
  const folder = join(base, String(++folders));
  mkdirSync(folder);
  const copy = join(folder, 'slimnet.node');
  try {
    linkSync(addon, copy);
  } catch {
    copyFileSync(addon, copy); // on another disk
  }
  prepare(join(folder, 'slimnet_cudnn.so'));
  return copy;
}

function compiled(file: string, source: string): void {
  writeFileSync(`${file}.c`, source);
  execFileSync('cc', ['-shared', '-fPIC', '-o', file, `${file}.c`]);
}

const program = `
  import { devices, Graph, Session } from ${JSON.stringify(join(root, 'dist', 'index.js'))};
  const { available, reason } = devices().find(({ name }) => name === 'cuda');
  const error = await Session.create(new Graph(), { device: 'cuda' }).then(() => null, ({ code, message }) => ({ code, message }));
  console.log(JSON.stringify({ available, reason, error }));
`;

type Environment = Readonly<Record<string, string>>;

/** What `devices()` and a session say. */
function said(file: string, environment: Environment = {}) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, ...environment, SLIMNET_ADDON: file },
  });
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as { available: boolean; reason: string; error: { code: string; message: string } | null };
}

/** The reason that both give. */
function reasonWith(file: string, environment: Environment = {}): string {
  const { available, reason, error } = said(file, environment);
  expect(available).toBe(false);
  expect(error).toEqual({ code: 'ERR_BACKEND', message: expect.stringContaining(reason) as unknown });
  return reason;
}

test('no library beside the addon: where it was looked for, and what builds it', () => {
  const file = beside(() => {});
  expect(reasonWith(file)).toBe(
    `the library for NVIDIA GPUs is missing (${join(dirname(file), 'slimnet_cudnn.so')}); builds with CUDA's compiler, nvcc, have it`,
  );
});

test('a file that is no library', () => {
  const reason = reasonWith(beside((file) => writeFileSync(file, 'damaged')));
  expect(reason).toMatch(/^the library for NVIDIA GPUs cannot be loaded: .*slimnet_cudnn\.so: /);
});

test('a library of something else', () => {
  const reason = reasonWith(beside((file) => compiled(file, 'int something_else = 1;')));
  expect(reason).toMatch(/slimnet_cudnn\.so is no device library of slimnet$/);
});

test('a library with another version of the interface, and one of another version of slimnet', () => {
  const table = (version: number) => `
    static struct { unsigned version; const char* slimnet; void* functions[64]; } table = {${version}, "99.0.0", {0}};
    const void* slimnet_open_device_library(unsigned asked) { (void)asked; return &table; }`;
  expect(reasonWith(beside((file) => compiled(file, table(4711))))).toMatch(
    /slimnet_cudnn\.so: it speaks version 4711 of the interface of device libraries, and slimnet \S+ speaks version \d+$/,
  );
  const header = execFileSync('grep', [
    '-m1',
    'define SLIMNET_DEVICE_LIBRARY_VERSION',
    join(root, 'native/backend/device_library.h'),
  ]);
  const version = Number(/(\d+)\s*$/.exec(header.toString())?.[1]);
  expect(reasonWith(beside((file) => compiled(file, table(version))))).toMatch(
    /slimnet_cudnn\.so: it belongs to slimnet 99\.0\.0, and this is slimnet \S+$/,
  );
});

test('the library itself on a machine without a driver', () => {
  if (!existsSync(library)) return console.log(`${library} was not built: nvcc is missing.`);
  const file = beside((file) => copyFileSync(library, file));
  if (said(file).available) return console.log('This machine has a GPU: nothing is missing.');
  expect(reasonWith(file)).toMatch(/^(NVIDIA's driver is |there is no NVIDIA GPU|cuDNN )/);
});

/** Of each compilation unit of the library's kernels: for which processors there is machine code (sm) and PTX (compute). */
function architectures(file: string): Record<string, number> {
  const sections = `${join(base, String(++folders))}.fatbin`;
  execFileSync('objcopy', ['-O', 'binary', '--only-section=.nv_fatbin', file, sections]);
  const bytes = readFileSync(sections);
  const found: Record<string, number> = {};
  for (let at = 0; at + 16 <= bytes.length; ) {
    if (bytes.readUInt32LE(at) !== 0xba55ed50) at += 8;
    else {
      const end = at + 16 + Number(bytes.readBigUInt64LE(at + 8));
      at += bytes.readUInt16LE(at + 6);
      while (at < end) {
        const name = `${bytes.readUInt16LE(at) === 2 ? 'sm' : 'compute'}_${bytes.readUInt32LE(at + 28)}`;
        found[name] = (found[name] ?? 0) + 1;
        at += bytes.readUInt32LE(at + 4) + Number(bytes.readBigUInt64LE(at + 8));
      }
    }
  }
  return found;
}

test('the library has kernels for Ampere, Hopper and Blackwell, and for what comes later', () => {
  if (!existsSync(library)) return console.log(`${library} was not built: nvcc is missing.`);
  const units = readdirSync(join(root, 'native/backends/cudnn/kernels/cuda')).filter((name) => name.endsWith('.cu'));
  const each = units.length;
  expect(architectures(library)).toEqual({ sm_80: each, sm_90: each, sm_100: each, compute_80: each });
});

test('a driver that is too old', () => {
  if (!existsSync(library)) return console.log(`${library} was not built: nvcc is missing.`);
  const folder = join(base, String(++folders));
  mkdirSync(folder);
  const driver = join(folder, 'libcuda.so.1');
  compiled(
    driver,
    'int cuInit(unsigned flags) { return (int)flags; } int cuDriverGetVersion(int* version) { *version = 11040; return 0; }',
  );
  const file = beside((to) => copyFileSync(library, to));
  expect(reasonWith(file, { LD_LIBRARY_PATH: folder })).toMatch(
    /^NVIDIA's driver is for CUDA 11\.4, and one for CUDA \d+\.\d or later is needed$/,
  );
});

// The library itself, but that it believes in a driver and a GPU.
const standIn = join(dirname(addon), 'slimnet_cudnn_stand_in.so');

describe('a driver and a GPU, and cuDNN', () => {
  const file = () => beside((to) => copyFileSync(standIn, to));
  const nothing = join(base, 'nothing');
  beforeAll(() => mkdirSync(nothing));

  test('is missing', () => {
    const reason = reasonWith(file(), { SLIMNET_CUDNN_ROOT: nothing });
    expect(reason).toMatch(/^cuDNN 9\.8 or a later 9 was not found \(/);
    expect(reason).toContain(`${nothing}: there is no libcudnn.so.9 in it`);
    expect(reason).toContain('pip install nvidia-cudnn-cu13');
  });

  test('is too old, and doctor says so, too', () => {
    const old = join(base, 'old');
    mkdirSync(old);
    const functions = [
      'GetErrorString GetLastErrorString Create Destroy SetStream BackendCreateDescriptor BackendDestroyDescriptor',
      'BackendSetAttribute BackendGetAttribute BackendFinalize BackendExecute',
    ]
      .join(' ')
      .split(' ');
    compiled(
      join(old, 'libcudnn.so.9'),
      `unsigned long cudnnGetVersion(void) { return 90100; }\n${functions.map((name) => `int cudnn${name}(void) { return 1; }`).join('\n')}`,
    );
    const environment = { SLIMNET_CUDNN_ROOT: old };
    const addonFile = file();
    const reason = reasonWith(addonFile, environment);
    expect(reason).toContain(`${join(old, 'libcudnn.so.9')}: it is cuDNN 9.1.0, and 9.8 or a later 9 is needed`);
    const doctor = spawnSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'doctor'], {
      encoding: 'utf8',
      env: { ...process.env, ...environment, SLIMNET_ADDON: addonFile },
    });
    expect(doctor.stdout).toContain(reason);
  });
});
