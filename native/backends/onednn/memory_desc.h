// Our types as oneDNN's memory descriptors. oneDNN names dimensions NCHW / OIHW whatever their order in memory.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "ir/program.h"

namespace slimnet::onednn {

using MemoryDesc = dnnl::memory::desc;

// Throws Error{kInternal} for types that oneDNN does not compute with: Supports() has refused them.
dnnl::memory::data_type DataTypeOf(DType dtype);

// The dtype of what lies in memory.
DType StoredDType(const Value& value);

// [N,H,W,C] in row-major order, as dimensions N, C, H, W.
MemoryDesc ImageDesc(const TensorType& type);
MemoryDesc StoredImageDesc(const Value& value);  // as it is stored
// [kh,kw,C,O] in row-major order, as dimensions O, C, kh, kw.
MemoryDesc FilterDesc(const TensorType& type);
// The same dimensions, for oneDNN to choose the order.
MemoryDesc FilterDescAny(const TensorType& type);
// Row-major, dimensions as they are.
MemoryDesc RowMajorDesc(DType dtype, const Shape& shape);
// One dimension.
MemoryDesc VectorDesc(DType dtype, int64_t size);

// Rows of a tensor whose last axis has `columns` elements.
int64_t RowsOf(const TensorType& type);

// oneDNN's tag of a blocked layout, e.g. "Acdb64a": dimensions from the outermost, capital when blocked, then the
// blocks.
std::string TagOf(const MemoryDesc& desc);

}  // namespace slimnet::onednn
