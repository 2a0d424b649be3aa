// The exports, and nothing else. lib/native/addon.ts says what they mean.
#include <node_api.h>

#include "addon/checksum.h"
#include "addon/diagnostics.h"
#include "addon/environment.h"
#include "addon/guard.h"
#include "addon/js.h"
#include "addon/preprocess.h"
#include "addon/program.h"
#include "addon/store.h"
#include "addon/transform.h"

namespace slimnet {
namespace {

napi_value Initialize(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  napi_valuetype type = napi_undefined;
  js::Check(env, napi_typeof(env, arguments[0], &type));
  if (type != napi_function) {
    throw Error(ErrorCode::kArgument,
                "makeError: expected a function, received " + js::Describe(env, arguments[0]) + ".");
  }
  Environment::Of(env).SetErrorFactory(arguments[0]);
  return js::Undefined(env);
}

napi_ref Keep(napi_env env, napi_value value) {
  napi_ref reference = nullptr;
  js::Check(env, napi_create_reference(env, value, 1, &reference));
  return reference;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value = nullptr;
  js::Check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value));
  js::Set(env, exports, name, value);
}

napi_value Init(napi_env env, napi_value exports) {
  return Guard(env, [&] {
    Environment& environment = Environment::Create(env);
    environment.store_class = Keep(env, DefineStoreClass(env));
    environment.program_class = Keep(env, DefineProgramClass(env));
    js::Set(env, exports, "version", js::String(env, SLIMNET_VERSION));
    Export(env, exports, "initialize", Entry<Initialize>);
    Export(env, exports, "backends", Entry<Backends>);
    Export(env, exports, "diagnostics", Entry<Diagnostics>);
    Export(env, exports, "transform", Entry<Transform>);
    Export(env, exports, "createStore", Entry<CreateStore>);
    Export(env, exports, "compile", Entry<CompilePlan>);
    Export(env, exports, "crc32c", Entry<Checksum>);
    Export(env, exports, "preprocess", Entry<Preprocess>);
    return exports;
  });
}

}  // namespace
}  // namespace slimnet

NAPI_MODULE_INIT() { return slimnet::Init(env, exports); }
