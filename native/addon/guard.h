// The border between C++ exceptions and JavaScript exceptions. Every function that Node calls goes through Guard.
#pragma once

#include <node_api.h>

#include <exception>
#include <new>
#include <string>

#include "addon/js.h"
#include "base/error.h"

namespace slimnet {

// The JavaScript error for `error`: made by the factory that lib/ handed over, so that it is of the right class; a
// plain Error with a code before initialize() was called. Throws js::PendingException when the factory throws.
napi_value MakeError(napi_env env, const Error& error);

// Makes `error` the pending JavaScript exception. In an environment that is ending nothing happens.
void ThrowError(napi_env env, const Error& error) noexcept;

// Runs `body`, which returns a napi_value; whatever it throws becomes a pending JavaScript exception.
template <class Body>
napi_value Guard(napi_env env, const Body& body) noexcept {
  try {
    return body();
  } catch (const js::PendingException&) {
    // Goes on as it is.
  } catch (const Error& error) {
    ThrowError(env, error);
  } catch (const std::bad_alloc&) {
    ThrowError(env, Error(ErrorCode::kMemory, "Out of memory."));
  } catch (const std::exception& error) {
    ThrowError(env, Error(ErrorCode::kInternal, std::string("Unexpected exception: ") + error.what()));
  } catch (...) {
    ThrowError(env, Error(ErrorCode::kInternal, "Unexpected exception of unknown type."));
  }
  return nullptr;
}

// A function of ours as Node calls it.
template <napi_value (*Function)(const js::Arguments&)>
napi_value Entry(napi_env env, napi_callback_info info) noexcept {
  return Guard(env, [&] { return Function(js::Arguments(env, info)); });
}

}  // namespace slimnet
