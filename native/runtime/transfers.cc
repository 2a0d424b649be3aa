#include "runtime/transfers.h"

#include <cstring>

namespace slimnet {

void Transfers::Upload(const Memory& to, std::span<const std::byte> from, size_t offset) {
  if (from.empty()) return;
  if (std::byte* const host = to.host()) {
    std::memcpy(host + offset, from.data(), from.size());
    return;
  }
  const std::lock_guard lock(mutex_);
  stream_->Upload(to.data() + offset, from);
  stream_->Wait();
}

void Transfers::Download(std::span<std::byte> to, const Memory& from, size_t offset) {
  if (to.empty()) return;
  if (const std::byte* const host = from.host()) {
    std::memcpy(to.data(), host + offset, to.size());
    return;
  }
  const std::lock_guard lock(mutex_);
  stream_->Download(to, from.data() + offset);
  stream_->Wait();
}

void Transfers::Copy(const Memory& to, const Memory& from) {
  if (from.bytes() == 0) return;
  if (to.host() != nullptr && from.host() != nullptr) {
    std::memcpy(to.host(), from.host(), from.bytes());
    return;
  }
  const std::lock_guard lock(mutex_);
  stream_->Copy(to.data(), from.data(), from.bytes());
  stream_->Wait();
}

void Transfers::Zero(const Memory& memory) {
  if (memory.bytes() == 0) return;
  if (memory.host() != nullptr) {
    std::memset(memory.host(), 0, memory.bytes());
    return;
  }
  const std::lock_guard lock(mutex_);
  stream_->Fill(memory.data(), std::byte{0}, memory.bytes());
  stream_->Wait();
}

HostView::HostView(const Memory& memory, size_t bytes, Transfers& transfers) {
  if (const std::byte* const host = memory.host()) {
    bytes_ = {host, bytes};
    return;
  }
  copy_ = HostBlock(bytes);
  transfers.Download(copy_.span(), memory);
  bytes_ = copy_.span();
}

HostStaging::HostStaging(const Memory& memory, size_t bytes) : memory_(&memory) {
  if (std::byte* const host = memory.host()) {
    bytes_ = {host, bytes};
    return;
  }
  block_ = HostBlock(bytes);
  bytes_ = block_.span();
}

void HostStaging::Finish(Transfers& transfers) const {
  if (memory_->host() == nullptr) transfers.Upload(*memory_, bytes_);
}

}  // namespace slimnet
