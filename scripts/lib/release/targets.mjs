/** How the addon of each platform in lib/native/platforms.ts is built. A further platform is a line there and a line here. */

/**
 * @typedef {object} Target
 * @property {string} zig target of Zig, with the version of the C library
 * @property {boolean} onlyLinks the compiler of this machine makes the objects, for this machine's own processor; Zig links them
 * @property {Readonly<Record<string, string>>} onednn further options of oneDNN's CMake
 * @property {boolean} [cuda] the library for NVIDIA GPUs goes beside the addon
 */

/** @type {Readonly<Record<string, Target>>} */
export const targets = {
  'linux-x64': { zig: 'x86_64-linux-gnu.2.28', onlyLinks: true, onednn: {} },
  'linux-x64-musl': {
    zig: 'x86_64-linux-musl',
    onlyLinks: false,
    onednn: { CMAKE_DISABLE_PRECOMPILE_HEADERS: 'ON' },
  },
  'linux-x64-cuda': { zig: 'x86_64-linux-gnu.2.28', onlyLinks: true, onednn: {}, cuda: true },
};

/** Largest packed size of a platform's package, in bytes. */
export const sizeLimit = 25e6;

/** What the dynamic loader may be asked for: libraries, and who else supplies symbols (Node: those of Node-API). */
export const allowedLibraries = {
  glibc: /^(libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^libc\.(so|musl-\w+\.so\.1)$/,
};
