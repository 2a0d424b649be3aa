// Host memory that is handed out with a result.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>

#include "base/error.h"

namespace slimnet {

class HostBlock {
 public:
  HostBlock() = default;
  // Throws Error{kMemory}.
  explicit HostBlock(size_t bytes)
      : data_(static_cast<std::byte*>(::operator new(bytes == 0 ? 1 : bytes, kAlign, std::nothrow))), bytes_(bytes) {
    if (!data_) {
      throw Error(ErrorCode::kMemory, "Could not allocate " + std::to_string(bytes) + " bytes for a result.");
    }
  }

  std::byte* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }
  std::span<std::byte> span() const { return {data_.get(), bytes_}; }

  // Gives the memory away; Free releases it.
  std::byte* Release() {
    bytes_ = 0;
    return data_.release();
  }
  static void Free(std::byte* data) { ::operator delete(data, kAlign); }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Deleter {
    void operator()(std::byte* data) const { Free(data); }
  };
  std::unique_ptr<std::byte, Deleter> data_;
  size_t bytes_ = 0;
};

}  // namespace slimnet
