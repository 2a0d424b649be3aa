// A stream that does its work as late as it may.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace slimnet::testing {

// Everything that is queued is done within Wait: nothing at all has happened before, which no device does, and which is
// what every caller must be ready for. So a wait that is missing, or memory that is freed too early, shows each time,
// and not only now and then. Memory of the host is watched meanwhile: what is uploaded must stay as it is.
class DiscreteStream final : public Stream {
 public:
  // Does its work on `inner`, a stream of a CPU backend.
  explicit DiscreteStream(std::unique_ptr<Stream> inner) : inner_(std::move(inner)) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override;
  void Download(std::span<std::byte> to, DevicePtr from) override;
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override;
  void Fill(DevicePtr to, std::byte value, size_t bytes) override;
  void Wait() override;

  void Queue(std::function<void(Stream& inner)> work) { queue_.push_back(std::move(work)); }

 private:
  std::unique_ptr<Stream> inner_;
  std::vector<std::function<void(Stream&)>> queue_;
};

}  // namespace slimnet::testing
