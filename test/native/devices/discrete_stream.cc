#include "native/devices/discrete_stream.h"

#include <algorithm>
#include <utility>

#include "base/content_hash.h"
#include "base/error.h"
#include "native/devices/discrete_memory.h"

namespace slimnet::testing {

void DiscreteStream::Upload(DevicePtr to, std::span<const std::byte> from) {
  Queue([to, from, content = HashOf(from)](Stream& inner) {
    if (HashOf(from) != content) {
      throw Error(ErrorCode::kInternal, "Memory of the host was changed before it was uploaded.");
    }
    inner.Upload(ForKernel(to), from);
  });
}

void DiscreteStream::Download(std::span<std::byte> to, DevicePtr from) {
  std::ranges::fill(to, std::byte{0xff});  // there is nothing to be read yet
  Queue([to, from](Stream& inner) { inner.Download(to, ForKernel(from)); });
}

void DiscreteStream::Copy(DevicePtr to, DevicePtr from, size_t bytes) {
  Queue([=](Stream& inner) { inner.Copy(ForKernel(to), ForKernel(from), bytes); });
}

void DiscreteStream::Fill(DevicePtr to, std::byte value, size_t bytes) {
  Queue([=](Stream& inner) { inner.Fill(ForKernel(to), value, bytes); });
}

void DiscreteStream::Wait() {
  // What comes behind a failure is not done.
  for (const auto& work : std::exchange(queue_, {})) work(*inner_);
}

}  // namespace slimnet::testing
