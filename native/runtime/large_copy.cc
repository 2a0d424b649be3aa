#include "runtime/large_copy.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/error.h"

namespace slimnet {
namespace {

// Less is copied before another thread would have woken up.
constexpr size_t kLarge = size_t{2} << 20;
// A thread that is stopped in the middle of a piece keeps the other waiting for that piece alone.
constexpr size_t kCopyPiece = size_t{256} << 10;

}  // namespace

void CopyInPieces(ParallelFor& pool, void* to, const void* from, size_t bytes) {
  const size_t pieces = (bytes + kCopyPiece - 1) / kCopyPiece;
  const auto copy = [&](int piece) {
    const size_t at = static_cast<size_t>(piece) * kCopyPiece;
    std::memcpy(static_cast<char*>(to) + at, static_cast<const char*>(from) + at, std::min(kCopyPiece, bytes - at));
  };
  pool.Run(static_cast<int>(pieces), std::ref(copy));
}

ThreadPool* LargeCopy::Pool() {
  if (cores_ < 2 || refused_) return nullptr;
  if (!pool_) {
    try {
      pool_ = std::make_unique<ThreadPool>(2, TimeSlices::kOfMaker);
    } catch (const Error&) {
      refused_ = true;  // one thread copies as well, if slower
    }
  }
  return pool_.get();
}

void LargeCopy::Copy(void* to, const void* from, size_t bytes) {
  ThreadPool* const pool = bytes < kLarge ? nullptr : Pool();
  if (pool == nullptr) {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return;
  }
  CopyInPieces(*pool, to, from, bytes);
  pool->Rest();
}

}  // namespace slimnet
