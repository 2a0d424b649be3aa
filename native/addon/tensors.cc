#include "addon/tensors.h"

#include <cstring>

#include "addon/environment.h"
#include "addon/js.h"
#include "base/error.h"
#include "ir/limits.h"

namespace slimnet {
namespace {

// Results up to this size are copied into memory of the JavaScript heap, which costs less than the bookkeeping of a
// foreign block.
constexpr size_t kCopiedBytes = size_t{64} << 10;

struct ArrayKind {
  const char* name;
  size_t bytes;  // of an element; 0: not a kind that this addon knows
};

ArrayKind KindOf(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return {"Int8Array", 1};
    case napi_uint8_array:
      return {"Uint8Array", 1};
    case napi_uint8_clamped_array:
      return {"Uint8ClampedArray", 1};
    case napi_int16_array:
      return {"Int16Array", 2};
    case napi_uint16_array:
      return {"Uint16Array", 2};
    case napi_int32_array:
      return {"Int32Array", 4};
    case napi_uint32_array:
      return {"Uint32Array", 4};
    case napi_float32_array:
      return {"Float32Array", 4};
    case napi_float64_array:
      return {"Float64Array", 8};
    case napi_bigint64_array:
      return {"BigInt64Array", 8};
    case napi_biguint64_array:
      return {"BigUint64Array", 8};
    default:
      return {"a typed array of a kind that is not supported", 0};
  }
}

napi_typedarray_type ArrayOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return napi_float32_array;
    case DType::kFloat64:
      return napi_float64_array;
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kUInt16:
      return napi_uint16_array;
    case DType::kInt8:
      return napi_int8_array;
    case DType::kInt16:
      return napi_int16_array;
    case DType::kInt32:
      return napi_int32_array;
    case DType::kInt64:
      return napi_bigint64_array;
    case DType::kUInt8:
    case DType::kBool:
      return napi_uint8_array;
    case DType::kUInt32:
      return napi_uint32_array;
    case DType::kUInt64:
      return napi_biguint64_array;
  }
  return napi_uint8_array;
}

napi_value CopiedBuffer(napi_env env, const HostBlock& block) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  js::Check(env, napi_create_arraybuffer(env, block.bytes(), &data, &buffer));
  if (block.bytes() > 0) std::memcpy(data, block.data(), block.bytes());
  return buffer;
}

napi_value BufferOf(napi_env env, HostBlock block, Counted counted) {
  const bool is_large = block.bytes() > kCopiedBytes;
  const napi_value buffer = is_large ? Environment::Of(env).own_memory().HandOut(env, block, counted) : nullptr;
  return buffer != nullptr ? buffer : CopiedBuffer(env, block);
}

}  // namespace

ArrayView ReadTypedArray(napi_env env, napi_value value, const std::string& what) {
  bool is = false;
  js::Check(env, napi_is_typedarray(env, value, &is));
  if (!is) {
    throw Error(ErrorCode::kArgument, what + ": expected a typed array, received " + js::Describe(env, value) + ".");
  }
  ArrayView view;
  void* data = nullptr;
  napi_value buffer = nullptr;
  size_t offset = 0;
  js::Check(env, napi_get_typedarray_info(env, value, &view.type, &view.length, &data, &buffer, &offset));
  const ArrayKind kind = KindOf(view.type);
  if (kind.bytes == 0) throw Error(ErrorCode::kArgument, what + ": received " + kind.name + ".");
  bool detached = false;
  js::Check(env, napi_is_detached_arraybuffer(env, buffer, &detached));
  if (detached || (data == nullptr && view.length > 0)) {
    throw Error(ErrorCode::kArgument,
                what + ": the array's buffer is detached. Hint: it was transferred elsewhere; hand over a copy.");
  }
  view.bytes = {static_cast<const std::byte*>(data), view.length * kind.bytes};
  if (data != nullptr) view.buffer = view.bytes.data() - offset;
  return view;
}

void RequireDType(const ArrayView& view, DType dtype, const std::string& what) {
  const napi_typedarray_type expected = ArrayOf(dtype);
  if (view.type == expected) return;
  if (expected == napi_uint8_array && view.type == napi_uint8_clamped_array) return;
  throw Error(ErrorCode::kArgument, what + ": expected " + KindOf(expected).name + " for " + std::string(Name(dtype)) +
                                        ", received " + KindOf(view.type).name + ".");
}

napi_value MakeTypedArray(napi_env env, DType dtype, HostBlock block, Counted counted) {
  const size_t length = block.bytes() / BytesOf(dtype);
  const napi_value buffer = BufferOf(env, std::move(block), counted);
  napi_value array = nullptr;
  js::Check(env, napi_create_typedarray(env, ArrayOf(dtype), length, buffer, 0, &array));
  return array;
}

void Detach(napi_env env, napi_value array) {
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  size_t offset = 0;
  js::Check(env, napi_get_typedarray_info(env, array, &type, &length, &data, &buffer, &offset));
  if (data != nullptr) Environment::Of(env).own_memory().Recount(env, static_cast<const std::byte*>(data) - offset);
  const napi_status status = napi_detach_arraybuffer(env, buffer);
  if (status != napi_detachable_arraybuffer_expected && status != napi_arraybuffer_expected) js::Check(env, status);
}

DType ReadDType(napi_env env, napi_value value, const char* what) {
  const std::string name = js::ReadString(env, value, what, limits::kNameBytes);
  if (const auto dtype = ParseDType(name)) return *dtype;
  throw Error(ErrorCode::kArgument, std::string(what) + ": there is no dtype " + name + ".");
}

Shape ReadShape(napi_env env, napi_value value, const char* what) {
  Shape shape;
  double elements = 1;
  for (const napi_value item : js::ReadArray(env, value, what, limits::kRank)) {
    shape.push_back(js::ReadInteger(env, item, what, 0, limits::kDimension));
    elements *= static_cast<double>(shape.back());
  }
  if (elements > static_cast<double>(limits::kElements)) {
    throw Error(ErrorCode::kShape,
                std::string(what) + ": more than " + std::to_string(limits::kElements) + " elements.");
  }
  return shape;
}

}  // namespace slimnet
