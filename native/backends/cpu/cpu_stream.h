// The stream of backends that compute on the host: work runs at once, spread over the executor's threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>

#include "backend/backend.h"
#include "backends/cpu/bindings.h"

namespace slimnet::cpu {

// A thread alone.
class NoPool final : public ParallelFor {
 public:
  int threads() const override { return 1; }
  void Run(int jobs, const std::function<void(int)>& job) override {
    for (int i = 0; i < jobs; ++i) job(i);
  }
};

// Not final: a backend may add what its own library needs for each stream.
class CpuStream : public Stream {
 public:
  explicit CpuStream(ParallelFor* pool) : pool_(pool == nullptr ? alone_ : *pool) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    if (!from.empty()) std::memcpy(Address<void>(to), from.data(), from.size());
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    if (!to.empty()) std::memcpy(to.data(), Address<const void>(from), to.size());
  }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override {
    if (bytes > 0) std::memcpy(Address<void>(to), Address<const void>(from), bytes);
  }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override {
    if (bytes > 0) std::memset(Address<void>(to), static_cast<int>(value), bytes);
  }
  void Wait() override {}

  ParallelFor& pool() { return pool_; }

 private:
  NoPool alone_;
  ParallelFor& pool_;
};

// Threads of a stream that a CPU backend made.
inline ParallelFor& PoolOf(Stream& stream) { return static_cast<CpuStream&>(stream).pool(); }

// Calls body(begin, end) on slices that cover [0, count), at most a few for each thread and none shorter than `grain`
// items (but for the last). The split depends on the sizes alone. Allocates nothing. `body` must not throw.
template <class Body>
void ForRange(ParallelFor& pool, int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  const int64_t most = 4 * static_cast<int64_t>(std::max(pool.threads(), 1));
  const int64_t jobs = std::clamp<int64_t>(count / std::max<int64_t>(grain, 1), 1, most);
  if (jobs == 1 || pool.threads() <= 1) return body(int64_t{0}, count);
  const auto job = [&](int index) { body(count * index / jobs, count * (index + 1) / jobs); };
  pool.Run(static_cast<int>(jobs), std::ref(job));  // a reference fits into std::function without an allocation
}

}  // namespace slimnet::cpu
