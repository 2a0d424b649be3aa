#include "passes/packing.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace slimnet {
namespace {

constexpr size_t kMostQuadratic = 4096;

size_t Rounded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool Overlap(const Interval& a, const Interval& b) { return a.first <= b.last && b.first <= a.last; }

std::vector<size_t> Indices(size_t count) {
  std::vector<size_t> indices(count);
  std::iota(indices.begin(), indices.end(), size_t{0});
  return indices;
}

// Holes in the memory below `end`, by place and by size.
class Holes {
 public:
  size_t Take(size_t bytes) {
    auto found = by_size_.lower_bound({bytes, 0});
    if (found != by_size_.end()) {
      const auto [size, offset] = *found;
      Remove(offset, size);
      if (size > bytes) Insert(offset + bytes, size - bytes);
      return offset;
    }
    // A hole at the very end can grow.
    size_t offset = end_;
    if (!by_offset_.empty()) {
      const auto [last, size] = *by_offset_.rbegin();
      if (last + size == end_) {
        Remove(last, size);
        offset = last;
      }
    }
    end_ = offset + bytes;
    return offset;
  }

  void Give(size_t offset, size_t bytes) {
    if (bytes == 0) return;
    auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.end() && next->first == offset + bytes) {
      bytes += next->second;
      Remove(next->first, next->second);
    }
    next = by_offset_.lower_bound(offset);
    if (next != by_offset_.begin()) {
      const auto [before, size] = *std::prev(next);
      if (before + size == offset) {
        Remove(before, size);
        offset = before;
        bytes += size;
      }
    }
    Insert(offset, bytes);
  }

 private:
  void Insert(size_t offset, size_t bytes) {
    by_offset_.emplace(offset, bytes);
    by_size_.emplace(bytes, offset);
  }
  void Remove(size_t offset, size_t bytes) {
    by_offset_.erase(offset);
    by_size_.erase({bytes, offset});
  }

  std::map<size_t, size_t> by_offset_;
  std::set<std::pair<size_t, size_t>> by_size_;
  size_t end_ = 0;
};

}  // namespace

Packing PackBySize(std::span<const Interval> intervals) {
  std::vector<size_t> order = Indices(intervals.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return intervals[a].bytes > intervals[b].bytes; });
  Packing packing;
  packing.offsets.resize(intervals.size(), 0);
  std::vector<size_t> placed;  // by offset
  for (size_t index : order) {
    const size_t bytes = Rounded(intervals[index].bytes);
    if (bytes == 0) continue;
    size_t offset = 0;
    for (size_t other : placed) {
      if (!Overlap(intervals[index], intervals[other])) continue;
      if (packing.offsets[other] >= offset + bytes) break;
      offset = std::max(offset, packing.offsets[other] + Rounded(intervals[other].bytes));
    }
    packing.offsets[index] = offset;
    packing.bytes = std::max(packing.bytes, offset + bytes);
    const auto behind = std::upper_bound(placed.begin(), placed.end(), offset,
                                         [&](size_t at, size_t other) { return at < packing.offsets[other]; });
    placed.insert(behind, index);
  }
  return packing;
}

Packing PackByTime(std::span<const Interval> intervals) {
  std::vector<size_t> order = Indices(intervals.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return intervals[a].first < intervals[b].first; });
  Packing packing;
  packing.offsets.resize(intervals.size(), 0);
  Holes holes;
  std::set<std::pair<int32_t, size_t>> alive;  // by last step
  for (size_t index : order) {
    while (!alive.empty() && alive.begin()->first < intervals[index].first) {
      const size_t over = alive.begin()->second;
      holes.Give(packing.offsets[over], Rounded(intervals[over].bytes));
      alive.erase(alive.begin());
    }
    const size_t bytes = Rounded(intervals[index].bytes);
    if (bytes == 0) continue;
    packing.offsets[index] = holes.Take(bytes);
    packing.bytes = std::max(packing.bytes, packing.offsets[index] + bytes);
    alive.emplace(intervals[index].last, index);
  }
  return packing;
}

Packing Pack(std::span<const Interval> intervals) {
  Packing by_time = PackByTime(intervals);
  if (intervals.size() > kMostQuadratic) return by_time;
  Packing by_size = PackBySize(intervals);
  return by_size.bytes <= by_time.bytes ? by_size : by_time;
}

size_t PeakOf(std::span<const Interval> intervals) {
  // At one step things begin before others end: both are needed there.
  std::vector<std::pair<int32_t, int64_t>> events;
  for (const Interval& interval : intervals) {
    const auto bytes = static_cast<int64_t>(Rounded(interval.bytes));
    events.emplace_back(interval.first, bytes);
    events.emplace_back(interval.last + 1, -bytes);
  }
  std::sort(events.begin(), events.end());
  int64_t live = 0;
  int64_t peak = 0;
  for (const auto& [step, bytes] : events) {
    live += bytes;
    peak = std::max(peak, live);
  }
  return static_cast<size_t>(peak);
}

}  // namespace slimnet
