// Copies between the host and the memory of a device, outside of runs.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "backend/backend.h"
#include "runtime/host_block.h"

namespace slimnet {

// To be used from any thread. Each call returns when its copy is done. Memory that the host sees is copied by the
// calling thread; other copies share one stream.
class Transfers {
 public:
  explicit Transfers(const Backend& backend) : stream_(backend.NewStream(nullptr)) {}

  // To and from the bytes of a block that begin at `offset`.
  void Upload(const Memory& to, std::span<const std::byte> from, size_t offset = 0);
  void Download(std::span<std::byte> to, const Memory& from, size_t offset = 0);
  // All of a block into another one of its size.
  void Copy(const Memory& to, const Memory& from);
  void Zero(const Memory& memory);

 private:
  std::mutex mutex_;
  std::unique_ptr<Stream> stream_;
};

// The first bytes of a block for the host to read: in place where it can, else a copy. The block must outlive this.
class HostView {
 public:
  // Throws Error{kMemory}.
  HostView(const Memory& memory, size_t bytes, Transfers& transfers);

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  HostBlock copy_;
  std::span<const std::byte> bytes_;
};

// Where the host writes what the first bytes of a block are to be: in place where it can.
class HostStaging {
 public:
  // Throws Error{kMemory}.
  HostStaging(const Memory& memory, size_t bytes);

  std::span<std::byte> bytes() const { return bytes_; }
  // Brings what was written to the block.
  void Finish(Transfers& transfers) const;

 private:
  const Memory* memory_;
  HostBlock block_;
  std::span<std::byte> bytes_;
};

}  // namespace slimnet
