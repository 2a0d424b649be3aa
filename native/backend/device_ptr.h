// Where something lies in the memory of a device.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slimnet {

// An address of a device. The host may not follow it: only kernels and streams of the device's backend make a pointer
// out of it. So it does not convert to or from one, and what it points to has no type.
class DevicePtr {
 public:
  constexpr DevicePtr() = default;  // null
  constexpr explicit DevicePtr(uintptr_t address) : address_(address) {}

  constexpr uintptr_t address() const { return address_; }
  constexpr explicit operator bool() const { return address_ != 0; }

  // Offsets are bytes.
  constexpr DevicePtr& operator+=(ptrdiff_t offset) {
    address_ += static_cast<uintptr_t>(offset);
    return *this;
  }
  friend constexpr DevicePtr operator+(DevicePtr pointer, size_t offset) {
    return DevicePtr(pointer.address_ + offset);
  }
  friend constexpr bool operator==(DevicePtr, DevicePtr) = default;

 private:
  uintptr_t address_ = 0;
};

// What a device that shares the host's memory (DeviceInfo::shares_host_memory) calls a place in it.
inline DevicePtr SharedAddress(const void* host) { return DevicePtr(reinterpret_cast<uintptr_t>(host)); }

}  // namespace slimnet
