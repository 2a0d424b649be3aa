#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "ir/constants.h"
#include "ir/views.h"
#include "passes/edit.h"
#include "passes/passes.h"
#include "passes/storage.h"

namespace slimnet {
namespace {

class PostOpFuser {
 public:
  PostOpFuser(Program& program, const Backend& backend)
      : program_(program),
        backend_(backend),
        uses_(program),
        constant_(ConstantValues(program)),
        roots_(ViewRoots(program)),
        late_(DependsOnUpdates(program)),
        members_(program.values.size()),
        absorbed_(program.nodes.size(), false) {
    for (const Node& node : program.nodes) {
      for (ValueId value : node.outputs) members_[roots_[value]].push_back(value);
    }
  }

  void Run() {
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (!absorbed_[i] && CanAbsorb(program_.nodes[i])) Extend(static_cast<int32_t>(i));
    }
    size_t kept = 0;
    for (size_t i = 0; i < absorbed_.size(); ++i) {
      if (absorbed_[i]) continue;
      if (kept != i) program_.nodes[kept] = std::move(program_.nodes[i]);
      ++kept;
    }
    program_.nodes.resize(kept);
    SortNodes(program_);  // biases may have been made after the node that now takes them
  }

 private:
  static bool CanAbsorb(const Node& node) {
    const OpInfo& info = Info(node.op);
    const bool computes = !info.source && node.op != OpKind::kReorder && info.updates.empty() && !IsView(node.op);
    return computes && !node.outputs.empty();
  }

  // Absorbs one reader after the other while it is the only one and the backend can.
  void Extend(int32_t index) {
    Node& node = program_.nodes[static_cast<size_t>(index)];
    for (;;) {
      const ValueId tail = node.outputs[0];
      if (!uses_.SingleReader(tail)) return;
      const int32_t reader = uses_.readers[tail][0];
      const std::vector<PostOp> posts = AsPostOp(index, program_.nodes[static_cast<size_t>(reader)], tail);
      const auto fits = std::find_if(posts.begin(), posts.end(), [&](const PostOp& post) {
        return static_cast<bool>(backend_.Fuses({program_, node}, post));
      });
      if (fits == posts.end()) return;
      Absorb(index, reader, *fits);
    }
  }

  // The reader as a post-op of the node that makes `tail`, in all ways in which it can be one, the best first.
  std::vector<PostOp> AsPostOp(int32_t index, const Node& reader, ValueId tail) const {
    if (!reader.post_ops.empty()) return {};
    switch (reader.op) {
      case OpKind::kRelu:
        return {{PostOp::Kind::kRelu}};
      case OpKind::kRelu6:
        return {{PostOp::Kind::kRelu6}};
      case OpKind::kBiasAdd: {
        const ValueId bias = reader.inputs[1];
        if (reader.inputs[0] != tail || !MadeBefore(bias, index)) return {};
        return {{PostOp::Kind::kBias, bias}};
      }
      case OpKind::kAdd: {
        const ValueId other = reader.inputs[reader.inputs[0] == tail ? 1 : 0];
        std::vector<PostOp> posts;
        if (CanOverwrite(other, index, reader, tail)) posts.push_back({PostOp::Kind::kAdd, other, true});
        if (IsThere(other, index, tail)) posts.push_back({PostOp::Kind::kAdd, other, false});
        return posts;
      }
      case OpKind::kReluBackward: {
        const ValueId kept = reader.inputs[0];
        const std::optional<PostOp::Kind> kind = MaskOf(std::get<ReluBackwardAttrs>(reader.attrs).limit);
        if (reader.inputs[1] != tail || kept == tail || !kind || !IsThere(kept, index, tail)) return {};
        return {{*kind, kept}};
      }
      default:
        return {};
    }
  }

  static std::optional<PostOp::Kind> MaskOf(double limit) {
    if (std::isinf(limit)) return PostOp::Kind::kReluBackward;
    if (limit == 6) return PostOp::Kind::kRelu6Backward;
    return std::nullopt;
  }

  // What is made of variables and constants alone can always be moved to the front.
  bool MadeBefore(ValueId value, int32_t index) const { return constant_[value] || uses_.producer[value] < index; }

  // Whether the node can read the value beside its result, of whose type it must be.
  bool IsThere(ValueId value, int32_t index, ValueId tail) const {
    if (program_.values[value].type != program_.values[tail].type) return false;
    if (constant_[value]) return true;
    const auto producer = static_cast<size_t>(uses_.producer[value]);
    // Late nodes are moved behind all others, whatever their index.
    return uses_.producer[value] < index && (!late_[producer] || late_[static_cast<size_t>(index)]);
  }

  // True when the sum may take the memory of `other`: of one type, the run's own, and read by nobody from the node on.
  // Of two convolutions that are added the later one absorbs the sum: only then is the other's result made before.
  bool CanOverwrite(ValueId other, int32_t index, const Node& reader, ValueId tail) const {
    const ValueId root = roots_[other];
    const Node& maker = program_.nodes[static_cast<size_t>(uses_.producer[root])];
    if (Overwritten(program_.nodes[static_cast<size_t>(index)]) != kNoValue)
      return false;  // one memory is all it can take
    if (program_.values[other].type != program_.values[tail].type) return false;
    if (program_.values[reader.outputs[0]].type != program_.values[tail].type) return false;
    if (Info(maker.op).source || constant_[root] || uses_.producer[other] >= index) return false;
    for (ValueId member : members_[root]) {
      if (uses_.external[member]) return false;
      for (int32_t use : uses_.readers[member]) {
        const Node& user = program_.nodes[static_cast<size_t>(use)];
        if (&user == &reader || IsView(user.op)) continue;
        // Late nodes are moved behind all others, whatever their index.
        if (use >= index || late_[static_cast<size_t>(use)]) return false;
      }
    }
    return true;
  }

  void Absorb(int32_t index, int32_t reader, const PostOp& post) {
    Node& node = program_.nodes[static_cast<size_t>(index)];
    const ValueId result = program_.nodes[static_cast<size_t>(reader)].outputs[0];
    node.post_ops.push_back(post);
    node.outputs[0] = result;
    uses_.producer[result] = index;
    if (post.operand != kNoValue) {
      auto& readers = uses_.readers[post.operand];
      std::replace(readers.begin(), readers.end(), reader, index);
    }
    absorbed_[static_cast<size_t>(reader)] = true;
  }

  Program& program_;
  const Backend& backend_;
  Uses uses_;  // kept up to date; indices are those of the nodes before the pass
  const std::vector<bool> constant_;
  const std::vector<ValueId> roots_;
  const std::vector<bool> late_;
  std::vector<std::vector<ValueId>> members_;  // values that share the bytes of a root
  std::vector<bool> absorbed_;
};

}  // namespace

void FusePostOps(Program& program, const Backend& backend) {
  // Who looks at the values wants to see each, whatever this backend can fuse.
  if (!program.precision.observe) PostOpFuser(program, backend).Run();
}

}  // namespace slimnet
