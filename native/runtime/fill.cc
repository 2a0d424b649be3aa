#include "runtime/fill.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "runtime/transfers.h"

namespace slimnet {
namespace {

// Read and checked at a time: what was read is still in the second-level cache.
constexpr size_t kReadPiece = size_t{256} << 10;

// Reads all of `to`, and its checksum.
std::optional<FillProblem> ReadChecked(const Fill& fill, std::span<std::byte> to, uint32_t& checksum) {
  size_t done = 0;
  while (done < to.size()) {
    const size_t wanted = std::min(kReadPiece, to.size() - done);
    const int64_t at = fill.offset + static_cast<int64_t>(done);
    const ssize_t count = pread(fill.file, to.data() + done, wanted, at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FillProblem{.kind = FillProblem::Kind::kSystem, .at = at, .error = errno};
    if (count == 0) return FillProblem{.kind = FillProblem::Kind::kEnd, .at = at};
    if (fill.checksum) checksum = Crc32c(to.subspan(done, static_cast<size_t>(count)), checksum);
    done += static_cast<size_t>(count);
  }
  return std::nullopt;
}

class Filler {
 public:
  Filler(Store& store, std::span<const Fill> fills, const std::atomic<bool>& cancelled)
      : store_(store), fills_(fills), cancelled_(cancelled) {
    for (const Fill& fill : fills) bytes_.push_back(ByteSize(store.TypeOf(fill.variable)));
  }

  FillResult Run(ParallelFor& pool) {
    // The large ones first: none is left over at the end for one thread alone.
    std::vector<size_t> order(fills_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return bytes_[a] > bytes_[b]; });
    const auto fill = [&](int job) { Try(order[static_cast<size_t>(job)]); };
    pool.Run(static_cast<int>(order.size()), fill);
    if (failure_) std::rethrow_exception(failure_);
    if (cancelled_.load(std::memory_order_relaxed)) {
      throw Error(ErrorCode::kAborted, "Reading the checkpoint was aborted.");
    }
    return result_;
  }

 private:
  void Try(size_t index) noexcept {
    if (ended_.load(std::memory_order_relaxed) || cancelled_.load(std::memory_order_relaxed)) return;
    try {
      FillOne(index);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      ended_.store(true, std::memory_order_relaxed);
    }
  }

  void FillOne(size_t index) {
    const Fill& fill = fills_[index];
    auto memory = store_.NewMemory(bytes_[index]);
    uint32_t checksum = 0;
    const HostStaging staging(*memory, bytes_[index]);
    auto problem = ReadChecked(fill, staging.bytes(), checksum);
    if (!problem && fill.checksum && *fill.checksum != checksum) {
      problem = FillProblem{.kind = FillProblem::Kind::kChecksum, .computed = checksum};
    }
    if (!problem) {
      std::optional<ContentHash> content;
      if (store_.hashes()) content = HashOf(staging.bytes());  // while it is in a cache
      staging.Finish(store_.transfers());
      if (store_.shared_blocks() != nullptr) store_.shared_blocks()->Share(*memory, content);
      store_.Replace(fill.variable, std::move(memory), content);
    }
    const std::lock_guard lock(mutex_);
    if (!problem) {
      ++result_.filled;
      return;
    }
    problem->index = index;
    if (!result_.problem || result_.problem->index > index) result_.problem = problem;
    ended_.store(true, std::memory_order_relaxed);
  }

  Store& store_;
  const std::span<const Fill> fills_;
  const std::atomic<bool>& cancelled_;
  std::vector<size_t> bytes_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  FillResult result_;
  std::exception_ptr failure_;
};

}  // namespace

FillResult FillVariables(Store& store, std::span<const Fill> fills, ParallelFor& pool,
                         const std::atomic<bool>& cancelled) {
  return Filler(store, fills, cancelled).Run(pool);
}

}  // namespace slimnet
