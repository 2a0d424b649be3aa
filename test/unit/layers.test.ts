import { checkCpp, checkLayers, checkTypeScript, importsOf } from '../../scripts/check_layers.mjs';

describe('the layers of lib/', () => {
  test('are kept by every file of the tree, and those of native/ too', () => {
    expect(checkLayers()).toEqual([]);
  });

  test.each([
    ['core/graph.ts', "import { conv2d } from '../ops/conv2d.js';", 'core may not import ops'],
    ['plan/encode.ts', "import type { Session } from '../runtime/session.js';", 'plan may not import runtime'],
    ['slim/losses.ts', "import { loadAddon } from '../native/binding.js';", 'slim may not import native'],
    ['runtime/session.ts', "export { x } from '../model/load_model.js';", 'runtime may not import model'],
    ['model/load_model.ts', "const m = await import('../cli/main.js');", 'model may not import cli'],
    ['errors.ts', "import './core/dtype.js';", 'errors may not import core'],
    ['slim/nets/vgg.ts', "import { conv2d } from '../../ops/conv2d.js';", 'networks call slim, not ops'],
    ['core/graph.ts', "import x from '../../scripts/build.mjs';", 'is outside lib/'],
    [
      'core/graph.ts',
      "require('../build/Release/slimnet.node'); import '../build/slimnet.node';",
      'only lib/native/binding.ts',
    ],
    ['newcomer/file.ts', '', 'the layer newcomer is unknown'],
  ])('%s is refused: %s', (path, text, problem) => {
    expect(checkTypeScript(path, text).join('\n')).toContain(problem);
  });

  test.each([
    ['ops/conv2d.ts', "import { ShapeError } from '../errors.js';"],
    ['model/load_model.ts', "import { network } from '../slim/nets/registry.js';"],
    ['slim/nets/vgg.ts', "import type { Tensor } from '../../core/graph.js';"],
    ['slim/nets/vgg.ts', "// import { x } from '../../runtime/session.js';\nimport { x } from '../arg_scope.js';"],
    ['core/graph.ts', "import { readFileSync } from 'node:fs';"],
  ])('%s is accepted: %s', (path, text) => {
    expect(checkTypeScript(path, text)).toEqual([]);
  });

  test('an import is found over several lines, and with its line', () => {
    const text =
      "/* head */\nimport {\n  a,\n  b,\n} from './b.js';\nexport * from './c.js';\nimport type { T } from './t.js';\n";
    expect(importsOf(text)).toEqual([
      { specifier: './b.js', typeOnly: false, line: 2 },
      { specifier: './c.js', typeOnly: false, line: 6 },
      { specifier: './t.js', typeOnly: true, line: 7 },
    ]);
  });
});

describe('the layers of native/', () => {
  test.each([
    ['ir/parse.cc', '#include "passes/pipeline.h"', 'ir may not include passes'],
    ['passes/fuse.cc', '#include "backends/onednn/conv2d.h"', 'passes may not include backends'],
    ['backends/onednn/conv2d.cc', '#include "passes/pipeline.h"', 'backends may not include passes'],
    ['backends/onednn/conv2d.cc', '#include "backends/reference/conv2d.h"', 'may not include the backend reference'],
    ['backends/cpu/pad.cc', '#include "backends/onednn/engine.h"', 'may not include the backend onednn'],
    ['runtime/store.cc', '#include <napi.h>', 'Node only in native/addon/'],
    ['runtime/store.cc', '  #  include <node_api.h>', 'Node only in native/addon/'],
    ['passes/layout.cc', '#include <oneapi/dnnl/dnnl.hpp>', 'oneDNN only in native/backends/onednn/'],
    ['backends/reference/conv2d.cc', '#include "dnnl.hpp"', 'oneDNN only in native/backends/onednn/'],
    ['backends/onednn/conv2d.cc', '#include <cudnn.h>', 'CUDA only in native/backends/cudnn/'],
    ['base/error.cc', '#include "addon/guard.h"', 'base may not include addon'],
    ['newcomer/file.cc', '', 'the layer newcomer is unknown'],
  ])('%s is refused: %s', (path, text, problem) => {
    expect(checkCpp(path, text).join('\n')).toContain(problem);
  });

  test.each([
    ['addon/addon.cc', '#include <napi.h>\n#include "runtime/store.h"'],
    ['backends/onednn/conv2d.cc', '#include <oneapi/dnnl/dnnl.hpp>\n#include "backends/cpu/kernel_of.h"'],
    ['backends/registry.cc', '#include "backends/onednn/onednn.h"\n#include "backends/null/null.h"'],
    ['passes/fuse.cc', '// #include "backends/onednn/conv2d.h"\n#include "backend/backend.h"'],
  ])('%s is accepted: %s', (path, text) => {
    expect(checkCpp(path, text)).toEqual([]);
  });
});
