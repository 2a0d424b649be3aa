// The order of the main part. New values of variables are made as soon as all is there that they are made of, so that a
// gradient dies early; where they are written in place, they and what follows from them come last. A node whose
// result is needed only later moves towards its reader when the bytes alive on the way become fewer: the projection of
// a residual unit then runs just before the convolution that adds it.
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "ir/microbatch_loop.h"
#include "ir/reads.h"
#include "ir/views.h"
#include "passes/edit.h"
#include "passes/passes.h"
#include "passes/storage.h"

namespace slimnet {
namespace {

// How far a node may move: keeps the pass linear. Further where the bytes alive become fewer however far it moves,
// because it reads less than it makes: weight decay, which would wait through the whole way back for the gradients it
// belongs to.
constexpr int32_t kWindow = 128;
constexpr int32_t kFarWindow = 4096;

// Where the nodes begin and end that may be moved.
struct Movable {
  int32_t begin = 0;
  int32_t end = 0;
};

// Updates of so many bytes at most are gathered.
constexpr size_t kSmallUpdate = size_t{64} << 10;

// Which nodes come last: small updates, of whose new values only others of them are made. What they read is little, so
// it may live until then.
std::vector<bool> Gathered(const Program& program, const Uses& uses) {
  const size_t count = program.nodes.size();
  std::vector<bool> overwritten(program.values.size(), false);
  for (const Node& node : program.nodes) {
    if (const ValueId value = Overwritten(node); value != kNoValue) overwritten[At(value)] = true;
  }
  std::vector<bool> gathered(count, false);
  for (size_t i = 0; i < count; ++i) {
    const Node& node = program.nodes[i];
    const auto small = [&](ValueId value) { return program.values[At(value)].bytes() <= kSmallUpdate; };
    gathered[i] = !Info(node.op).updates.empty() && std::ranges::all_of(node.outputs, small);
    ForEachRead(node, [&](ValueId value) {
      if (overwritten[At(value)]) gathered[i] = false;
    });
  }
  for (size_t i = count; i-- > 0;) {
    if (gathered[i]) continue;
    ForEachRead(program.nodes[i], [&](ValueId value) { gathered[static_cast<size_t>(uses.producer[value])] = false; });
  }
  return gathered;
}

// Moves those to the end, and those by one rule together.
void GatherUpdates(Program& program) {
  const Uses uses(program);
  const std::vector<bool> gathered = Gathered(program, uses);
  std::vector<int> level(program.nodes.size(), 0);  // 0: where it is; above: behind all gathered ones that it reads
  for (size_t i = 0; i < level.size(); ++i) {
    if (!gathered[i]) continue;
    level[i] = 1;
    ForEachRead(program.nodes[i], [&](ValueId value) {
      level[i] = std::max(level[i], level[static_cast<size_t>(uses.producer[value])] + 1);
    });
  }
  std::vector<size_t> order(program.nodes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) {
    return std::pair(level[i], level[i] == 0 ? 0 : static_cast<int>(program.nodes[i].op));
  });
  std::vector<Node> ordered;
  ordered.reserve(order.size());
  for (const size_t i : order) ordered.push_back(std::move(program.nodes[i]));
  program.nodes = std::move(ordered);
}

// Stable order in which nodes that make new values of variables stand right behind the last node that makes something
// for them.
Movable UpdatesEarly(Program& program) {
  const Uses uses(program);
  const auto is_prologue = [](const Node& node) { return node.prologue; };
  const auto begin = static_cast<int32_t>(std::count_if(program.nodes.begin(), program.nodes.end(), is_prologue));
  // Behind which node each stands; its own index where it makes no new value.
  std::vector<int32_t> behind(program.nodes.size());
  const auto is_update = [&](int32_t i) { return !Info(program.nodes[static_cast<size_t>(i)].op).updates.empty(); };
  for (int32_t i = 0; i < static_cast<int32_t>(behind.size()); ++i) {
    int32_t& place = behind[static_cast<size_t>(i)];
    place = i;
    if (!is_update(i)) continue;
    place = begin - 1;
    ForEachRead(program.nodes[static_cast<size_t>(i)],
                [&](ValueId value) { place = std::max(place, behind[static_cast<size_t>(uses.producer[value])]); });
  }
  std::vector<int32_t> order(program.nodes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const int32_t place_a = behind[static_cast<size_t>(a)];
    const int32_t place_b = behind[static_cast<size_t>(b)];
    return place_a != place_b ? place_a < place_b : !is_update(a) && is_update(b);
  });
  std::vector<Node> ordered;
  ordered.reserve(order.size());
  for (int32_t index : order) ordered.push_back(std::move(program.nodes[static_cast<size_t>(index)]));
  program.nodes = std::move(ordered);
  return {begin, static_cast<int32_t>(program.nodes.size())};
}

// Stable order: prologue, then what does not depend on updates, then the updates, which stay where they are.
Movable UpdatesLast(Program& program) {
  const std::vector<bool> late = DependsOnUpdates(program);
  const auto part = [&](size_t i) { return program.nodes[i].prologue ? 0 : late[i] ? 2 : 1; };
  std::array<int32_t, 3> counts{};
  std::vector<Node> ordered;
  ordered.reserve(program.nodes.size());
  for (int wanted = 0; wanted < 3; ++wanted) {
    for (size_t i = 0; i < program.nodes.size(); ++i) {
      if (part(i) != wanted) continue;
      ++counts[static_cast<size_t>(wanted)];
      ordered.push_back(std::move(program.nodes[i]));
    }
  }
  program.nodes = std::move(ordered);
  return {counts[0], counts[0] + counts[1]};
}

class Sinker {
 public:
  Sinker(Program& program, int32_t begin, int32_t end)
      : program_(program),
        storages_(program),
        loop_(program),
        begin_(begin),
        end_(end),
        live_(program.nodes.size() + 2, 0) {
    order_.resize(program.nodes.size());
    std::iota(order_.begin(), order_.end(), 0);
    for (const Node& node : program.nodes) touched_.push_back(ArenaOnly(storages_.TouchedBy(node)));
    for (const Storage& s : storages_.items) {
      if (s.kind != Place::Kind::kArena) continue;
      live_[Index(s.first)] += Bytes(s);
      live_[Index(s.last) + 1] -= Bytes(s);
    }
    std::partial_sum(live_.begin(), live_.end(), live_.begin());
  }

  void Run() {
    for (int32_t at = end_ - 1; at >= begin_; --at) Sink(at);
    std::vector<Node> ordered;
    ordered.reserve(order_.size());
    for (int32_t index : order_) ordered.push_back(std::move(program_.nodes[Index(index)]));
    program_.nodes = std::move(ordered);
  }

 private:
  static size_t Index(int32_t i) { return static_cast<size_t>(i); }
  static int64_t Bytes(const Storage& s) { return static_cast<int64_t>(s.bytes); }

  Storage& At(int32_t storage) { return storages_.items[Index(storage)]; }
  const Node& NodeAt(int32_t at) const { return program_.nodes[Index(order_[Index(at)])]; }
  const std::vector<int32_t>& TouchedAt(int32_t at) const { return touched_[Index(order_[Index(at)])]; }

  std::vector<int32_t> ArenaOnly(std::vector<int32_t> storages) const {
    std::erase_if(storages, [&](int32_t s) { return storages_.items[Index(s)].kind != Place::Kind::kArena; });
    return storages;
  }

  int64_t BytesOf(const std::vector<int32_t>& storages) const {
    int64_t bytes = 0;
    for (int32_t s : storages) bytes += Bytes(storages_.items[Index(s)]);
    return bytes;
  }

  static bool Contains(const std::vector<int32_t>& sorted, int32_t item) {
    return std::binary_search(sorted.begin(), sorted.end(), item);
  }

  // The last place to which the node at `at` may move: before its first reader, and before anything that overwrites
  // what it reads.
  int32_t Furthest(int32_t at, const std::vector<int32_t>& made, const std::vector<int32_t>& read) const {
    int32_t furthest = at;
    const int32_t window = BytesOf(made) > BytesOf(read) ? kFarWindow : kWindow;
    for (int32_t next = at + 1; next < std::min(end_, at + 1 + window); ++next) {
      if (loop_.Holds(NodeAt(next)) != loop_.Holds(NodeAt(at))) break;  // it must run as often as before
      const ValueId overwritten = Overwritten(NodeAt(next));
      if (overwritten != kNoValue && Contains(read, storages_.of[overwritten])) break;
      const auto& touched = TouchedAt(next);
      if (std::any_of(made.begin(), made.end(), [&](int32_t s) { return Contains(touched, s); })) break;
      furthest = next;
    }
    return furthest;
  }

  void Sink(int32_t at) {
    const Node& node = NodeAt(at);
    if (Info(node.op).source || IsView(node.op) || Overwritten(node) != kNoValue) return;
    if (!Info(node.op).updates.empty()) return;
    std::vector<int32_t> made;
    for (ValueId value : node.outputs) made.push_back(storages_.of[value]);
    // There from the first repetition on: nothing is saved.
    if (std::any_of(made.begin(), made.end(), [&](int32_t s) { return At(s).joined; })) return;
    std::vector<int32_t> read = TouchedAt(at);
    std::erase_if(read, [&](int32_t s) { return std::find(made.begin(), made.end(), s) != made.end(); });
    const int32_t to = Furthest(at, made, read);
    if (to == at || std::any_of(made.begin(), made.end(), [&](int32_t s) { return At(s).last <= to; })) return;

    const std::vector<int64_t> moved = LiveAfterMove(at, to, made, read);
    const auto old_begin = live_.begin() + at;
    const auto old_end = live_.begin() + to + 1;
    const int64_t old_peak = *std::max_element(old_begin, old_end);
    const int64_t new_peak = *std::max_element(moved.begin(), moved.end());
    const int64_t old_sum = std::accumulate(old_begin, old_end, int64_t{0});
    const int64_t new_sum = std::accumulate(moved.begin(), moved.end(), int64_t{0});
    if (new_peak > old_peak || (new_peak == old_peak && new_sum >= old_sum)) return;
    Move(at, to, read);
    std::copy(moved.begin(), moved.end(), old_begin);
  }

  // Bytes alive at the places `at`..`to` after the node has moved from the first to the last of them.
  std::vector<int64_t> LiveAfterMove(int32_t at, int32_t to, const std::vector<int32_t>& made,
                                     const std::vector<int32_t>& read) {
    int64_t result = 0;
    for (int32_t s : made) result += Bytes(At(s));
    std::vector<int64_t> moved;
    for (int32_t t = at + 1; t <= to; ++t) moved.push_back(live_[Index(t)] - result + Held(read, at, t));
    int64_t last = live_[Index(to)] + Held(read, at, to);
    for (int32_t s : TouchedAt(to)) {
      if (At(s).last == to && !Contains(read, s)) last -= Bytes(At(s));
    }
    moved.push_back(last);
    return moved;
  }

  // What the node reads and nobody else needs at `t`: it stays alive until the node has run.
  int64_t Held(const std::vector<int32_t>& read, int32_t at, int32_t t) {
    int64_t held = 0;
    for (int32_t s : read) {
      if (At(s).last >= at && At(s).last < t) held += Bytes(At(s));
    }
    return held;
  }

  void Move(int32_t at, int32_t to, const std::vector<int32_t>& read) {
    for (int32_t t = at + 1; t <= to; ++t) {
      for (int32_t s : TouchedAt(t)) {
        if (At(s).last == t && !Contains(read, s)) At(s).last = t - 1;
      }
    }
    for (int32_t s : read) {
      if (At(s).last <= to) At(s).last = to;
    }
    std::rotate(order_.begin() + at, order_.begin() + at + 1, order_.begin() + to + 1);
  }

  Program& program_;
  Storages storages_;  // `last` counts places in order_
  const MicrobatchLoop loop_;
  const int32_t begin_;
  const int32_t end_;
  std::vector<int32_t> order_;                 // node index by place
  std::vector<std::vector<int32_t>> touched_;  // by node index: storages of the arena
  std::vector<int64_t> live_;                  // bytes alive by place
};

}  // namespace

void Schedule(Program& program, const Backend& backend) {
  const Movable movable = program.updates_in_place ? UpdatesLast(program) : UpdatesEarly(program);
  Sinker(program, movable.begin, movable.end).Run();
  if (backend.device().gathers_updates && !program.updates_in_place) GatherUpdates(program);
}

}  // namespace slimnet
