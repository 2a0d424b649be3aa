#include "passes/microbatch_candidates.h"

#include <algorithm>

#include "ir/batchwise.h"
#include "ir/constants.h"
#include "ir/reads.h"
#include "ir/views.h"
#include "passes/edit.h"
#include "passes/packing.h"
#include "passes/storage.h"

namespace slimnet {
namespace {

bool HasUpdates(const Program& program) {
  return std::any_of(program.nodes.begin(), program.nodes.end(),
                     [](const Node& node) { return !Info(node.op).updates.empty(); });
}

int64_t BatchOf(const Program& program) {
  int64_t batch = 0;
  size_t most = 0;
  for (const Node& node : program.nodes) {
    if (node.op != OpKind::kInput) continue;
    const TensorType& type = program.values[node.outputs[0]].type;
    if (type.shape.empty() || ByteSize(type) <= most) continue;
    most = ByteSize(type);
    batch = type.shape[0];
  }
  return batch;
}

class Finder {
 public:
  explicit Finder(const Program& program)
      : program_(program),
        uses_(program),
        constant_(ConstantValues(program)),
        roots_(ViewRoots(program)),
        place_(program.values.size(), kBehind),
        read_behind_(program.values.size(), false) {}

  Candidates Run() {
    found_.batch = BatchOf(program_);
    if (found_.batch < 2 || HasUpdates(program_)) return {};
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      const Node& node = program_.nodes[i];
      if (Info(node.op).source || constant_[node.outputs[0]]) continue;
      const bool is_candidate = IsCandidate(node);
      auto& list = is_candidate ? found_.nodes : found_.others;
      if (is_candidate) {
        for (ValueId value : node.outputs) place_[value] = static_cast<int32_t>(list.size());
      } else {
        ForEachRead(node, [&](ValueId value) { read_behind_[roots_[value]] = true; });
      }
      list.push_back(static_cast<int32_t>(i));
    }
    FindEnds();
    return std::move(found_);
  }

 private:
  static constexpr int32_t kBehind = -1;

  bool IsBefore(ValueId value) const {
    return constant_[value] || program_.nodes[static_cast<size_t>(uses_.producer[value])].op == OpKind::kInput;
  }

  bool HasWholeLines(ValueId value) const {
    const Value& v = program_.values[value];
    return v.bytes() / static_cast<size_t>(found_.batch) % kAlignment == 0;
  }

  // Can be had some images at a time: from a candidate, or as parts of what is there before the microbatch loop.
  bool ComesInParts(ValueId value) const {
    const Value& v = program_.values[value];
    if (v.layout || v.type.shape.empty() || v.type.shape[0] != found_.batch) return false;
    return place_[value] >= 0 || IsBefore(value);
  }

  bool IsCandidate(const Node& node) const {
    const auto batchwise = ReadsBatchwise(program_, node);
    if (!batchwise || program_.values[node.outputs[0]].type.shape[0] != found_.batch) return false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!((*batchwise)[i] ? ComesInParts(node.inputs[i]) : IsBefore(node.inputs[i]))) return false;
    }
    return std::all_of(node.post_ops.begin(), node.post_ops.end(), [&](const PostOp& post) {
      if (post.operand == kNoValue) return true;
      if (IsByChannel(post.kind)) return IsBefore(post.operand);
      // What the add overwrites must not be wanted behind the microbatch loop.
      return ComesInParts(post.operand) && !(post.in_place && read_behind_[roots_[post.operand]]);
    });
  }

  // A value that is needed behind the microbatch loop is left there in parts, which must be whole cache lines.
  void FindEnds() {
    const size_t count = found_.nodes.size();
    std::vector<int32_t> forbidden(count + 2, 0);  // where stretches of forbidden ends begin, less where they end
    for (size_t v = 0; v < program_.values.size(); ++v) {
      const auto value = static_cast<ValueId>(v);
      if (place_[v] < 0 || HasWholeLines(value)) continue;
      size_t last = uses_.external[v] ? count : static_cast<size_t>(place_[v]);
      for (int32_t reader : uses_.readers[v]) {
        const int32_t at = place_[program_.nodes[static_cast<size_t>(reader)].outputs[0]];
        last = std::max(last, at < 0 ? count : static_cast<size_t>(at));
      }
      ++forbidden[static_cast<size_t>(place_[v]) + 1];
      --forbidden[last + 1];
    }
    int32_t open = 0;
    for (size_t i = 0; i <= count; ++i) {
      open += forbidden[i];
      found_.may_end.push_back(open == 0);
    }
  }

  const Program& program_;
  const Uses uses_;
  const std::vector<bool> constant_;
  const std::vector<ValueId> roots_;
  std::vector<int32_t> place_;     // by value: which candidate makes it, or kBehind
  std::vector<bool> read_behind_;  // by root: read by a node that is no candidate
  Candidates found_;
};

}  // namespace

Candidates FindCandidates(const Program& program) { return Finder(program).Run(); }

std::vector<StepBytes> CountBytes(const Program& program, const Candidates& candidates) {
  std::vector<int32_t> order = candidates.nodes;
  order.insert(order.end(), candidates.others.begin(), candidates.others.end());
  const Storages storages(program);
  const std::vector<bool> constant = ConstantValues(program);
  const auto node_at = [&](size_t i) -> const Node& { return program.nodes[static_cast<size_t>(order[i])]; };
  const auto is_constant = [&](int32_t s) { return constant[storages.items[static_cast<size_t>(s)].value]; };
  const auto bytes_of = [&](int32_t s) { return static_cast<int64_t>(storages.items[static_cast<size_t>(s)].bytes); };

  std::vector<StepBytes> steps(order.size());
  std::vector<int64_t> change(order.size() + 1, 0);  // of the bytes alive, by step
  std::vector<bool> seen(storages.items.size(), false);
  std::vector<size_t> last(storages.items.size(), 0);
  for (size_t i = 0; i < order.size(); ++i) {
    const Node& node = node_at(i);
    const std::optional<Encoding>& low = program.values[node.inputs[0]].encoding;
    steps[i].may_end = i < candidates.nodes.size() && candidates.may_end[i + 1];
    for (int32_t s : storages.TouchedBy(node)) {
      if (is_constant(s)) {
        // Packed in as few bytes as what they are multiplied with.
        const size_t width = BytesOf(program.values[storages.items[static_cast<size_t>(s)].value].type.dtype);
        steps[i].weights +=
            low ? bytes_of(s) / static_cast<int64_t>(width) * static_cast<int64_t>(BytesOf(low->dtype)) : bytes_of(s);
        continue;
      }
      if (!IsView(node.op)) steps[i].touched += bytes_of(s);
      if (!seen[static_cast<size_t>(s)]) change[i] += bytes_of(s);
      seen[static_cast<size_t>(s)] = true;
      last[static_cast<size_t>(s)] = i;
    }
  }
  for (size_t s = 0; s < last.size(); ++s) {
    if (seen[s]) change[last[s] + 1] -= bytes_of(static_cast<int32_t>(s));
  }
  int64_t alive = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    alive += change[i];
    steps[i].alive = alive;
  }
  return steps;
}

}  // namespace slimnet
