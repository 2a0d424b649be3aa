#include "addon/guard.h"

#include "addon/environment.h"

namespace slimnet {
namespace {

napi_value MakePlainError(napi_env env, const Error& error) {
  napi_value result = nullptr;
  js::Check(env, napi_create_error(env, js::String(env, Name(error.code())), js::String(env, error.what()), &result));
  return result;
}

}  // namespace

napi_value MakeError(napi_env env, const Error& error) {
  const napi_value factory = Environment::Of(env).error_factory();
  if (factory == nullptr) return MakePlainError(env, error);
  const napi_value arguments[] = {js::String(env, Name(error.code())), js::String(env, error.what()),
                                  js::String(env, error.op()), js::String(env, error.node())};
  napi_value result = nullptr;
  js::Check(env, napi_call_function(env, js::Undefined(env), factory, std::size(arguments), arguments, &result));
  return result;
}

void ThrowError(napi_env env, const Error& error) noexcept {
  try {
    napi_throw(env, MakeError(env, error));
  } catch (...) {
    // A pending exception stays; in an environment that is ending there is nobody to tell.
  }
}

}  // namespace slimnet
