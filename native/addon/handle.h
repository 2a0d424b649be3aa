// JavaScript objects that hold a C++ object.
#pragma once

#include <node_api.h>

#include <memory>
#include <span>
#include <string>

#include "addon/js.h"
#include "base/error.h"

namespace slimnet {

// A method of a handle's class.
struct Method {
  const char* name;
  napi_callback callback;
};

// The tag of objects that hold a T. It is an address inside this copy of the addon: an object that another copy made
// (of another version, perhaps) is a foreign object.
template <class T>
napi_type_tag TagOf() {
  static const char kAnchor = 0;
  return {reinterpret_cast<uintptr_t>(&kAnchor), 0x736c696d6e657400U};
}

// Defines a class whose objects only NewHandle can make. Its methods are plain functions, which check their `this`
// themselves. Returns the constructor.
napi_value DefineHandleClass(napi_env env, const char* name, std::span<const Method> methods);

// An object of that class, empty.
napi_value NewHandleObject(napi_env env, napi_ref constructor);

// An object that owns `object`. Its T::Finalize(env) is called on the JavaScript thread before it is deleted.
template <class T>
napi_value NewHandle(napi_env env, napi_ref constructor, std::unique_ptr<T> object) {
  const napi_value handle = NewHandleObject(env, constructor);
  const napi_type_tag tag = TagOf<T>();
  js::Check(env, napi_type_tag_object(env, handle, &tag));
  const napi_finalize finalize = [](napi_env environment, void* data, void*) {
    const std::unique_ptr<T> last(static_cast<T*>(data));
    last->Finalize(environment);
  };
  js::Check(env, napi_wrap(env, handle, object.get(), finalize, nullptr, nullptr));
  object.release();
  return handle;
}

// The T of a handle. Throws Error{kArgument} for anything else.
template <class T>
T& FromHandle(napi_env env, napi_value value, const char* what) {
  napi_valuetype type = napi_undefined;
  js::Check(env, napi_typeof(env, value, &type));
  const napi_type_tag tag = TagOf<T>();
  bool same = false;
  if (type == napi_object && napi_check_object_type_tag(env, value, &tag, &same) == napi_ok && same) {
    void* data = nullptr;
    if (napi_unwrap(env, value, &data) == napi_ok && data != nullptr) return *static_cast<T*>(data);
  }
  throw Error(ErrorCode::kArgument,
              std::string("Expected ") + what + " of this copy of slimnet, received " + js::Describe(env, value) + ".");
}

}  // namespace slimnet
