// A queue over the host's own memory, for kernels alone: what is queued is done in Wait.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "backends/cudnn/gpu/queue.h"

namespace slimnet::cudnn::testing {

class HostQueue final : public Queue {
 public:
  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    Do([=, this] { std::memcpy(Address(to), from.data(), from.size()); });
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    Do([=, this] { std::memcpy(to.data(), Address(from), to.size()); });
  }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override {
    Do([=, this] { std::memcpy(Address(to), Address(from), bytes); });
  }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override {
    Do([=, this] { std::memset(Address(to), static_cast<int>(value), bytes); });
  }
  void Wait() override {
    for (const auto& work : std::exchange(queue_, {})) work();
  }
  void* native() override { return nullptr; }
  void Do(std::function<void()> work) override { queue_.push_back(std::move(work)); }
  void Launched(std::string_view) override {}
  std::byte* Address(DevicePtr pointer) override {
    return static_cast<std::byte*>(reinterpret_cast<void*>(pointer.address()));
  }
  Complaint* complaint() override { return &complaint_; }
  uint64_t Register(const Complainant&) override { return steps_++; }

 private:
  std::vector<std::function<void()>> queue_;
  Complaint complaint_;
  uint64_t steps_ = 0;
};

// Elements at the beginning of a block of their very size, so that a sanitizer sees what reads or writes beside it; or
// one element behind that, where vectors of 16 bytes are not aligned.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t count, T value = T{}, bool aligned = true)
      : shift_(aligned ? 0 : 1), elements_(count + shift_, value) {}
  explicit Buffer(const std::vector<T>& values, bool aligned = true) : Buffer(values.size(), T{}, aligned) {
    std::copy(values.begin(), values.end(), elements_.begin() + static_cast<ptrdiff_t>(shift_));
  }

  DevicePtr data() { return DevicePtr(reinterpret_cast<uintptr_t>(elements_.data() + shift_)); }
  size_t size() const { return elements_.size() - shift_; }
  const T& operator[](size_t i) const { return elements_[i + shift_]; }
  std::vector<T> values() const { return {elements_.begin() + static_cast<ptrdiff_t>(shift_), elements_.end()}; }

 private:
  size_t shift_;
  std::vector<T> elements_;
};

}  // namespace slimnet::cudnn::testing
