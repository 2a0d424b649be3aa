// Class numbers and other indices, whatever integers they come as.
#pragma once

#include <cstdint>
#include <string>

#include "backends/cpu/dispatch.h"

namespace slimnet::cpu {

// Reads the elements of a tensor of integers. Those of 2^63 and more come out negative: they are out of any range.
class Indices {
 public:
  explicit Indices(DType dtype)
      : load_(ForInteger(dtype, [](auto zero) -> Load {
          return [](const void* data, int64_t i) {
            return static_cast<int64_t>(static_cast<const decltype(zero)*>(data)[i]);
          };
        })) {}

  int64_t At(const void* data, int64_t i) const { return load_(data, i); }

  // Throws Error{kExecution} for the first of `count` elements that is outside of [0, size). Not for use inside a job.
  void Check(const char* port, const void* data, int64_t count, int64_t size) const {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = At(data, i);
      if (index >= 0 && index < size) continue;
      throw Error(ErrorCode::kExecution, std::string(port) + ": element " + std::to_string(i) + ": expected 0 to " +
                                             std::to_string(size - 1) + ", received " + std::to_string(index) + ".");
    }
  }

 private:
  using Load = int64_t (*)(const void*, int64_t);
  Load load_;
};

}  // namespace slimnet::cpu
