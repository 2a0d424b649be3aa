#include <cmath>
#include <cstring>
#include <new>
#include <string>

#include "base/error.h"
#include "base/half.h"
#include "tools/bundle/bundle.h"

namespace slimnet::bundle {
namespace {

template <class T>
void Draw(const Data& data, std::vector<std::byte>& bytes) {
  const size_t count = bytes.size() / sizeof(T);
  const size_t period = data.period == 0 ? count : static_cast<size_t>(data.period);
  for (size_t i = 0; i < count; ++i) {
    const double number = data.offset + data.scale * (2 * Drawn(static_cast<int64_t>(i % period), data.stream) - 1);
    const T value = static_cast<T>(number);  // integers: without what stands behind the point
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
}

void DrawAll(const Tensor& tensor, std::vector<std::byte>& bytes) {
  switch (tensor.type.dtype) {
    case DType::kFloat32:
      return Draw<float>(tensor.data, bytes);
    case DType::kFloat64:
      return Draw<double>(tensor.data, bytes);
    case DType::kUInt8:
      return Draw<uint8_t>(tensor.data, bytes);
    case DType::kInt32:
      return Draw<int32_t>(tensor.data, bytes);
    default:  // the reader has refused them
      throw Error(ErrorCode::kInternal, "Values of " + std::string(Name(tensor.type.dtype)) + " are not drawn.");
  }
}

}  // namespace

double Drawn(int64_t i, int64_t stream) {
  uint32_t s = static_cast<uint32_t>(i) * 2654435761U + static_cast<uint32_t>(stream) * 40503U + 12345U;
  s = (s ^ (s >> 16)) * 2246822519U;
  return static_cast<double>(s ^ (s >> 13)) / 4294967296.0;
}

std::vector<std::byte> Materialize(const Tensor& tensor) {
  try {
    std::vector<std::byte> bytes(ByteSize(tensor.type));
    const std::span<const std::byte> stored = tensor.data.bytes;
    if (tensor.data.kind == Data::Kind::kReference) {
      throw Error(ErrorCode::kInternal, "The values of " + tensor.name + " are those of the reference backend.");
    }
    if (tensor.data.kind == Data::Kind::kDrawn) {
      DrawAll(tensor, bytes);
    } else {
      for (size_t at = 0; at < bytes.size(); at += stored.size()) {
        std::memcpy(bytes.data() + at, stored.data(), std::min(stored.size(), bytes.size() - at));
      }
    }
    return bytes;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kMemory, "Could not allocate " + std::to_string(ByteSize(tensor.type)) + " bytes for " +
                                        tensor.name + ", " + ToString(tensor.type) + ".");
  }
}

}  // namespace slimnet::bundle
