/**
 * `npm run test:asan`: the native tests and the JavaScript tests that use the addon, under AddressSanitizer and
 * UndefinedBehaviorSanitizer. oneDNN itself is linked as it is. Arguments go to Jest.
 */
import { join } from 'node:path';
import { main, say } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { capture } from './lib/process.mjs';
import { sourceTree } from './lib/sources.mjs';
import { addonFile, buildAddon, buildTypeScript, installModules, nativeTestsFiles } from './lib/steps.mjs';
import { close, runJest, runNativeTests, sum } from './lib/test_runs.mjs';

const undefinedOptions = { UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' };

/**
 * Where cuDNN finds its own parts: the sanitizer opens libraries in its stead, so that they are not looked for beside it, and cuDNN ends
 * the process without them. Where cuDNN cannot be had its tests say so themselves.
 */
async function cudnnFolder() {
  try {
    return { LD_LIBRARY_PATH: join(await sourceTree('cudnn'), 'nvidia', 'cudnn_jit', 'lib') };
  } catch (error) {
    say(`the cuDNN of the tests cannot be had: ${error.message}`);
    return {};
  }
}

/** The sanitizers' runtime has to be in the process before Node is. */
function sanitizedNode() {
  const library = capture('g++', ['-print-file-name=libasan.so']).stdout.trim();
  return {
    ...undefinedOptions,
    LD_PRELOAD: library,
    SLIMNET_ADDON: join(root, addonFile('asan')),
    // Leaks are looked for in the native tests: Node frees little of its own at exit, so that reports here say nothing.
    // V8 handles SIGSEGV itself, for WebAssembly bounds.
    ASAN_OPTIONS: 'detect_leaks=0:allow_user_segv_handler=1:detect_stack_use_after_return=0',
  };
}

await main(async () => {
  await installModules();
  await buildAddon({ mode: 'asan', tests: true });
  await buildTypeScript();
  const cudnn = process.platform === 'linux' && process.arch === 'x64' ? await cudnnFolder() : {};
  say('native tests under ASan and UBSan');
  const native = await runNativeTests(nativeTestsFiles('asan'), {
    env: { ...undefinedOptions, ...cudnn, ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1' },
  });
  say('Jest under ASan and UBSan');
  const chosen = process.argv.slice(2);
  // What packs and installs slimnet says nothing about its memory, and what measures memory would measure the sanitizers'.
  const args =
    chosen.length > 0
      ? chosen
      : ['--testPathIgnorePatterns', 'test/install/', 'test/unit/scripts/', 'test/model/checkpoint_memory'];
  const javascript = await runJest(['--testTimeout', '600000', ...args], { env: { ...sanitizedNode(), ...cudnn } });
  return close(sum([native, javascript]));
});
