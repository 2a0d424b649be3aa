// What other nodes left behind when they were absorbed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backends/cpu/bindings.h"
#include "backends/cpu/dispatch.h"

namespace slimnet::reference {

// max(x, 0) and min(max(x, 0), 6); NaN stays NaN because no comparison with it holds.
inline double Relu(double x) { return x < 0 ? 0 : x; }
inline double Relu6(double x) { return x > 6 ? 6 : Relu(x); }

// What an op's file has for `fuses`: everything, all that leaves the node the results it has, or activations and
// their masks.
inline Verdict FusesAll(const NodeContext&, std::span<const PostOp>, const PostOp&) { return Verdict::Yes(); }

inline Verdict FusesWithinOneResult(const NodeContext& node, std::span<const PostOp>, const PostOp& next) {
  if (next.kind != PostOp::Kind::kResult) return Verdict::Yes();
  return Verdict::No("the reference backend gives " + std::string(Info(node.node.op).name) + " one result");
}

inline Verdict FusesActivation(const NodeContext& node, std::span<const PostOp>, const PostOp& next) {
  if (IsActivation(next.kind) || IsMask(next.kind)) return Verdict::Yes();
  return Verdict::No("the reference backend absorbs only activations into " + std::string(Info(node.node.op).name));
}

// Applies the chain behind a node to its result, element by element, in double. An in-place add may share memory with
// the result: each element reads its operand before it is written.
class PostOps {
 public:
  explicit PostOps(const NodeContext& node)
      : channels_(cpu::RowLength(node.output(0).type.shape)), last_result_(node.node.outputs.size() - 1) {
    for (const PostOp& op : node.node.post_ops) kinds_.push_back(op.kind);
  }

  // Which of the node's outputs takes what Apply returns: the second, where there are two.
  size_t last_result() const { return last_result_; }

  // `value` belongs to element `index` (row-major) of the result. Writes it to the first of two results on the way.
  template <class T>
  double Apply(double value, int64_t index, const Bindings& bindings) const {
    for (size_t i = 0; i < kinds_.size(); ++i) {
      const T* operand = cpu::Operand<T>(bindings, i);
      switch (kinds_[i]) {
        case PostOp::Kind::kBias:
          value += operand[index % channels_];
          break;
        case PostOp::Kind::kScale:
          value *= operand[index % channels_];
          break;
        case PostOp::Kind::kAdd:
          value += operand[index];
          break;
        case PostOp::Kind::kRelu:
          value = Relu(value);
          break;
        case PostOp::Kind::kRelu6:
          value = Relu6(value);
          break;
        case PostOp::Kind::kReluBackward:
          value = operand[index] > 0 ? value : 0;
          break;
        case PostOp::Kind::kRelu6Backward:
          value = operand[index] > 0 && !(operand[index] >= 6) ? value : 0;
          break;
        case PostOp::Kind::kResult:
          cpu::Out<T>(bindings, 0)[index] = static_cast<T>(value);
          break;
      }
    }
    return value;
  }

 private:
  int64_t channels_;
  size_t last_result_;
  std::vector<PostOp::Kind> kinds_;
};

}  // namespace slimnet::reference
