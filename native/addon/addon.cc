// The exports, and nothing else. lib/native/addon.ts says what they mean.
#include <napi.h>

#include <algorithm>
#include <utility>

#include "addon/checksum.h"
#include "addon/diagnostics.h"
#include "addon/draw.h"
#include "addon/environment.h"
#include "addon/file_lock.h"
#include "addon/fill.h"
#include "addon/finite.h"
#include "addon/guard.h"
#include "addon/js.h"
#include "addon/preprocess.h"
#include "addon/program.h"
#include "addon/snapshot.h"
#include "addon/store.h"
#include "addon/tensors.h"
#include "addon/transform.h"
#include "ir/limits.h"

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

napi_value Allocate(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const TensorType type{ReadDType(env, arguments[0], "dtype"), ReadShape(env, arguments[1], "shape")};
  HostBlock block(ByteSize(type));
  std::ranges::fill(block.span(), std::byte{0});
  return MakeTypedArray(env, type.dtype, std::move(block));
}

napi_value Hold(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const TensorType type{ReadDType(env, arguments[0], "dtype"), ReadShape(env, arguments[1], "shape")};
  return MakeTypedArray(env, type.dtype, HostBlock(ByteSize(type)), Counted::kNo);
}

napi_value Release(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  for (const napi_value array : js::ReadArray(env, arguments[0], "arrays", limits::kNodes)) Detach(env, array);
  return js::Undefined(env);
}

napi_value Shutdown(const js::Arguments& arguments) {
  Environment::Of(arguments.env()).Shutdown();
  return js::Undefined(arguments.env());
}

napi_ref Keep(napi_env env, napi_value value) {
  napi_ref reference = nullptr;
  js::Check(env, napi_create_reference(env, value, 1, &reference));
  return reference;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Guard(env, [&]() -> napi_value {
    Environment& environment = Environment::Create(env);
    environment.store_class = Keep(env, DefineStoreClass(env));
    environment.program_class = Keep(env, DefineProgramClass(env));
    environment.snapshot_class = Keep(env, DefineSnapshotClass(env));
    const auto add = [&](const char* name, napi_callback function) {
      napi_value value = nullptr;
      js::Check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value));
      exports.Set(name, value);
    };
    exports.Set("version", Napi::String::New(env, SLIMNET_VERSION));
    add("initialize", Entry<Initialize>);
    add("shutdown", Entry<Shutdown>);
    add("backendNames", Entry<BackendNames>);
    add("backends", Entry<Backends>);
    add("diagnostics", Entry<Diagnostics>);
    add("transform", Entry<Transform>);
    add("createStore", Entry<CreateStore>);
    add("compile", Entry<CompilePlan>);
    add("allocate", Entry<Allocate>);
    add("hold", Entry<Hold>);
    add("release", Entry<Release>);
    add("draw", Entry<DrawInitialValues>);
    add("fill", Entry<FillFromFiles>);
    add("hashContents", Entry<HashVariableContents>);
    add("snapshot", Entry<TakeSnapshot>);
    add("crc32c", Entry<Checksum>);
    add("allFinite", Entry<AllFinite>);
    add("lockFile", Entry<LockFile>);
    add("preprocess", Entry<Preprocess>);
    add("drawAugmentation", Entry<DrawAugmentation>);
    return exports;
  });
  return exports;
}

NODE_API_MODULE(slimnet, Init)

}  // namespace
}  // namespace slimnet
