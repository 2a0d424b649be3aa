#include "native/devices/cudnn_software/interpreter/soft_value.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/half.h"

namespace slimnet::testing {
namespace {

template <class T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void Store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

// To the nearest integer of a type, saturated.
template <class T>
double ToInteger(double value) {
  if (std::isnan(value)) return 0;
  // Both limits of int64 would not be exact: nothing here comes near them.
  const double low = static_cast<double>(std::numeric_limits<T>::min());
  const double high = static_cast<double>(std::numeric_limits<T>::max());
  return std::fmin(high, std::fmax(low, std::nearbyint(value)));
}

double Rounded(DType type, double value) {
  switch (type) {
    case DType::kFloat32:
      return static_cast<float>(value);
    case DType::kBFloat16:
      return ToFloat(ToBFloat16(static_cast<float>(value)));
    case DType::kFloat16:
      return ToFloat(ToFloat16(static_cast<float>(value)));
    case DType::kInt8:
      return ToInteger<int8_t>(value);
    case DType::kUInt8:
      return ToInteger<uint8_t>(value);
    case DType::kInt32:
      return ToInteger<int32_t>(value);
    case DType::kInt64:
      return std::nearbyint(value);
    case DType::kBool:
      return value != 0 ? 1 : 0;
    default:
      throw Error(ErrorCode::kInternal, "Plans have no " + std::string(Name(type)) + " tensors.");
  }
}

double Element(DType type, const std::byte* memory, int64_t at) {
  const std::byte* const from = memory + static_cast<size_t>(at) * BytesOf(type);
  switch (type) {
    case DType::kFloat32:
      return Load<float>(from);
    case DType::kBFloat16:
      return ToFloat(Load<BFloat16>(from));
    case DType::kFloat16:
      return ToFloat(Load<Float16>(from));
    case DType::kInt8:
      return Load<int8_t>(from);
    case DType::kUInt8:
      return Load<uint8_t>(from);
    case DType::kInt32:
      return Load<int32_t>(from);
    case DType::kInt64:
      return static_cast<double>(Load<int64_t>(from));
    case DType::kBool:
      return (Load<uint8_t>(memory + at / 8) >> (at % 8)) & 1;
    default:
      throw Error(ErrorCode::kInternal, "Plans have no " + std::string(Name(type)) + " tensors.");
  }
}

void PutElement(DType type, std::byte* memory, int64_t at, double value) {
  std::byte* const to = memory + static_cast<size_t>(at) * BytesOf(type);
  switch (type) {
    case DType::kFloat32:
      return Store(to, static_cast<float>(value));
    case DType::kBFloat16:
      return Store(to, ToBFloat16(static_cast<float>(value)));
    case DType::kFloat16:
      return Store(to, ToFloat16(static_cast<float>(value)));
    case DType::kInt8:
      return Store(to, static_cast<int8_t>(Rounded(type, value)));
    case DType::kUInt8:
      return Store(to, static_cast<uint8_t>(Rounded(type, value)));
    case DType::kInt32:
      return Store(to, static_cast<int32_t>(Rounded(type, value)));
    case DType::kInt64:
      return Store(to, static_cast<int64_t>(Rounded(type, value)));
    case DType::kBool: {
      const auto bit = static_cast<uint8_t>(1U << (at % 8));
      const auto byte = Load<uint8_t>(memory + at / 8);
      return Store(memory + at / 8, static_cast<uint8_t>(value != 0 ? byte | bit : byte & ~bit));
    }
    default:
      throw Error(ErrorCode::kInternal, "Plans have no " + std::string(Name(type)) + " tensors.");
  }
}

// Calls visit(first element in memory, stride, first element here, how many) for each row of the innermost axis.
template <class F>
void EachRow(const SoftTensor& tensor, F visit) {
  const std::vector<size_t>& order = AxisOrder(tensor.extents.size());
  for (const int64_t extent : tensor.extents) {
    if (extent <= 0) return;
  }
  const size_t inner = order.back();
  std::vector<int64_t> index(tensor.extents.size(), 0);
  for (int64_t done = 0;; done += tensor.extents[inner]) {
    int64_t at = 0;
    for (size_t axis = 0; axis < index.size(); ++axis) at += index[axis] * tensor.strides[axis];
    visit(at, tensor.strides[inner], done, tensor.extents[inner]);
    size_t level = order.size() - 1;
    for (; level > 0; --level) {
      const size_t axis = order[level - 1];
      if (++index[axis] < tensor.extents[axis]) break;
      index[axis] = 0;
    }
    if (level == 0) return;
  }
}

}  // namespace

const std::vector<size_t>& AxisOrder(size_t rank) {
  static const std::vector<std::vector<size_t>> kOrders = {{}, {0}, {0, 1}, {0, 1, 2}, {0, 2, 3, 1}};
  if (rank == 0 || rank >= kOrders.size()) {
    throw Error(ErrorCode::kInternal, "Plans have no tensors with " + std::to_string(rank) + " axes.");
  }
  return kOrders[rank];
}

SoftValue::SoftValue(std::vector<int64_t> of) : extents(std::move(of)) {
  int64_t product = 1;
  for (const int64_t extent : extents) product *= extent;
  elements.assign(static_cast<size_t>(product), std::numeric_limits<double>::quiet_NaN());
}

int64_t SoftValue::inner() const { return extents[AxisOrder(extents.size()).back()]; }

void RoundTo(DType type, std::vector<double>& elements) {
  if (type == DType::kFloat32) {  // the usual one, and so by itself
    for (double& element : elements) element = static_cast<float>(element);
    return;
  }
  for (double& element : elements) element = Rounded(type, element);
}

SoftValue Read(const SoftTensor& tensor, const std::byte* memory) {
  SoftValue value(tensor.extents);
  EachRow(tensor, [&](int64_t from, int64_t stride, int64_t to, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      value.elements[static_cast<size_t>(to + i)] = Element(tensor.type, memory, from + i * stride);
    }
  });
  return value;
}

void Write(const SoftTensor& tensor, const SoftValue& value, std::byte* memory) {
  EachRow(tensor, [&](int64_t to, int64_t stride, int64_t from, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      PutElement(tensor.type, memory, to + i * stride, value.elements[static_cast<size_t>(from + i)]);
    }
  });
}

}  // namespace slimnet::testing
