// Working memory of one executor: shared by all programs that it runs, one after the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "backend/backend.h"
#include "runtime/allocate.h"

namespace slimnet {

class Arena {
 public:
  explicit Arena(const Backend& backend) : backend_(backend) {}

  // Memory of at least `bytes`. Grows when it must, which loses what it held; never shrinks. Throws Error{kMemory}.
  DevicePtr Reserve(size_t bytes) {
    if (memory_ == nullptr || bytes > memory_->bytes()) {
      Release();  // first, so that old and new never stand side by side
      memory_ = Allocate(backend_, bytes);
      bytes_.store(memory_->bytes(), std::memory_order_relaxed);
    }
    return memory_->data();
  }

  void Release() {
    memory_.reset();
    bytes_.store(0, std::memory_order_relaxed);
  }

  // May be asked from any thread.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  const Backend& backend_;
  std::unique_ptr<Memory> memory_;
  std::atomic<size_t> bytes_{0};
};

}  // namespace slimnet
