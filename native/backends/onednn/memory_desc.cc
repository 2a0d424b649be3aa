#include "backends/onednn/memory_desc.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace slimnet::onednn {

using DataType = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

DataType DataTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return DataType::f32;
    case DType::kFloat64:
      return DataType::f64;
    case DType::kFloat16:
      return DataType::f16;
    case DType::kBFloat16:
      return DataType::bf16;
    case DType::kInt8:
      return DataType::s8;
    case DType::kUInt8:
      return DataType::u8;
    case DType::kInt32:
      return DataType::s32;
    default:
      throw Error(ErrorCode::kInternal,
                  "onednn: " + std::string(Name(dtype)) + " reached a primitive that cannot take it.");
  }
}

MemoryDesc ImageDesc(const TensorType& type) {
  const Shape& s = type.shape;
  return {{s[0], s[3], s[1], s[2]}, DataTypeOf(type.dtype), Tag::nhwc};
}

DType StoredDType(const Value& value) { return value.encoding ? value.encoding->dtype : value.type.dtype; }

MemoryDesc StoredImageDesc(const Value& value) { return ImageDesc(TensorType{StoredDType(value), value.type.shape}); }

MemoryDesc FilterDesc(const TensorType& type) {
  const Shape& s = type.shape;
  return {{s[3], s[2], s[0], s[1]}, DataTypeOf(type.dtype), Tag::hwio};
}

MemoryDesc FilterDescAny(const TensorType& type) {
  const Shape& s = type.shape;
  return {{s[3], s[2], s[0], s[1]}, DataTypeOf(type.dtype), Tag::any};
}

MemoryDesc RowMajorDesc(DType dtype, const Shape& shape) {
  dnnl::memory::dims strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(shape[i], 1);
  }
  return {shape, DataTypeOf(dtype), strides};
}

MemoryDesc VectorDesc(DType dtype, int64_t size) { return {{size}, DataTypeOf(dtype), Tag::x}; }

int64_t RowsOf(const TensorType& type) {
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < type.shape.size(); ++i) rows *= type.shape[i];
  return rows;
}

std::string TagOf(const MemoryDesc& desc) {
  if (desc.get_format_kind() != dnnl::memory::format_kind::blocked) return "opaque";
  const auto strides = desc.get_strides();
  const auto blocks = desc.get_inner_blks();
  const auto blocked = desc.get_inner_idxs();
  std::vector<int> order(strides.size());
  std::iota(order.begin(), order.end(), 0);
  // Of two dimensions with one stride, the one with the smaller padded size (1) is of no account: keep their order.
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return strides[a] > strides[b]; });
  std::string tag;
  for (const int d : order) {
    const bool upper = std::find(blocked.begin(), blocked.end(), d) != blocked.end();
    tag += static_cast<char>((upper ? 'A' : 'a') + d);
  }
  for (size_t i = 0; i < blocks.size(); ++i) tag += std::to_string(blocks[i]) + static_cast<char>('a' + blocked[i]);
  return tag;
}

}  // namespace slimnet::onednn
