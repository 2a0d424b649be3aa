// Typed arrays, in and out.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <span>
#include <string>

#include "addon/own_memory.h"
#include "base/dtype.h"
#include "ir/program.h"
#include "runtime/host_block.h"

namespace slimnet {

// What a typed array shows at this moment: use it before any JavaScript can run again.
struct ArrayView {
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  std::span<const std::byte> bytes;
  const void* buffer = nullptr;  // the beginning of its array buffer
};

// Throws Error{kArgument} when the value is no typed array or its buffer is detached. Shared and resizable buffers are
// fine.
ArrayView ReadTypedArray(napi_env env, napi_value value, const std::string& what);

// Throws Error{kArgument} unless the array is the one that carries `dtype` (lib/core/dtype.ts).
void RequireDType(const ArrayView& view, DType dtype, const std::string& what);

// An array of `dtype` with the block's content. Large blocks are handed over without a copy where the runtime allows
// it.
napi_value MakeTypedArray(napi_env env, DType dtype, HostBlock block, Counted counted = Counted::kYes);

// Takes the memory of array buffers back at once, instead of when JavaScript's collector gets to them. Those that
// cannot be taken (shared ones) stay. Whoever reads from one of them in native code holds the block itself (OwnMemory),
// or must have ended.
void Detach(napi_env env, napi_value array);

DType ReadDType(napi_env env, napi_value value, const char* what);
// A list of dimensions within the limits of plans. Throws Error{kShape}, Error{kArgument}.
Shape ReadShape(napi_env env, napi_value value, const char* what);

}  // namespace slimnet
