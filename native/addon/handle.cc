#include "addon/handle.h"

#include <vector>

#include "addon/environment.h"
#include "addon/guard.h"

namespace slimnet {
namespace {

napi_value Construct(const js::Arguments& arguments) {
  if (!Environment::Of(arguments.env()).constructing) {
    throw Error(ErrorCode::kArgument, "Native objects are made by createStore and compile, not with new.");
  }
  return arguments.self();
}

}  // namespace

napi_value DefineHandleClass(napi_env env, const char* name, std::span<const Method> methods) {
  napi_value constructor = nullptr;
  js::Check(env, napi_define_class(env, name, NAPI_AUTO_LENGTH, Entry<Construct>, nullptr, 0, nullptr, &constructor));
  std::vector<napi_property_descriptor> properties;
  for (const Method& method : methods) {
    properties.push_back(
        {method.name, nullptr, method.callback, nullptr, nullptr, nullptr, napi_default_method, nullptr});
  }
  const napi_value prototype = js::Get(env, constructor, "prototype", name);
  js::Check(env, napi_define_properties(env, prototype, properties.size(), properties.data()));
  return constructor;
}

napi_value NewHandleObject(napi_env env, napi_ref constructor_reference) {
  napi_value constructor = nullptr;
  js::Check(env, napi_get_reference_value(env, constructor_reference, &constructor));
  bool& constructing = Environment::Of(env).constructing;
  napi_value handle = nullptr;
  constructing = true;
  const napi_status status = napi_new_instance(env, constructor, 0, nullptr, &handle);
  constructing = false;
  js::Check(env, status);
  return handle;
}

}  // namespace slimnet
