#include "backends/cudnn/tail.h"

#include <algorithm>

#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

bool IsTerm(PostOp::Kind kind) { return kind == PostOp::Kind::kAdd || kind == PostOp::Kind::kBias; }

// What there is once for each channel of an image, or of a matrix.
Extents ByChannel(const Extents& result) {
  return result.size() == 4 ? ChannelExtents(result[1]) : Extents{1, 1, result[2]};
}

// The post-ops in the order in which they are computed.
std::vector<size_t> TailOrder(const Node& node) {
  std::vector<size_t> order(node.post_ops.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto kind = [&](size_t i) { return node.post_ops[i].kind; };
  for (auto begin = order.begin(); begin != order.end();) {
    const auto end = std::find_if_not(begin, order.end(), [&](size_t i) { return IsTerm(kind(i)); });
    std::stable_partition(begin, end, [&](size_t i) { return kind(i) == PostOp::Kind::kAdd; });
    begin = end == order.end() ? end : end + 1;
  }
  return order;
}

}  // namespace

Verdict FusesTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (std::ranges::any_of(before, [](const PostOp& op) { return IsActivation(op.kind); })) {
    return Verdict::No("an activation is the last operation that a plan of cuDNN absorbs here");
  }
  const bool second = std::ranges::any_of(before, [](const PostOp& op) { return op.kind == PostOp::Kind::kResult; });
  if (next.kind == PostOp::Kind::kResult) {
    if (second) return Verdict::No("a plan has two results at most");
    if (!IsLowPrecision(context)) return Verdict::No("cuDNN has engines with two results in low precision alone");
    return Verdict::Yes();
  }
  if (next.kind == PostOp::Kind::kScale && !second) return Verdict::No("what is scaled is a second result");
  if (next.in_place) return Verdict::No("a plan reads and writes different memory");
  if (next.operand == kNoValue) return Verdict::Yes();
  if (std::ranges::find(context.node.outputs, next.operand) != context.node.outputs.end()) {
    return Verdict::No("a plan does not read what it writes");
  }
  const TensorType& operand = context.program.values[At(next.operand)].type;
  const TensorType& result = context.output(0).type;
  const bool fits =
      IsByChannel(next.kind) ? operand == TensorType{result.dtype, {result.shape.back()}} : operand == result;
  if (fits) return Verdict::Yes();
  return Verdict::No("the operand " + ToString(operand) + " does not fit the result " + ToString(result));
}

void AddTail(Graph& graph, const OpContext& context, Tensor y, std::vector<PlacedTensor>& placed) {
  const Extents extents = graph.info(y).extents;
  size_t result = 0;
  for (const size_t i : TailOrder(context.node)) {
    const PostOp& post = context.node.post_ops[i];
    Tensor operand;
    if (post.operand != kNoValue) {
      operand = graph.Stored(StoredDType(context.operand(i)), IsByChannel(post.kind) ? ByChannel(extents) : extents);
      placed.push_back({operand, TensorPlace::Operand(i)});
    }
    switch (post.kind) {
      case PostOp::Kind::kAdd:
      case PostOp::Kind::kBias:
        y = graph.Add(y, operand);
        break;
      case PostOp::Kind::kScale:
        y = graph.Mul(y, operand);
        break;
      case PostOp::Kind::kRelu:
        y = graph.Relu(y);
        break;
      case PostOp::Kind::kRelu6:
        y = graph.Relu(y, 6);
        break;
      case PostOp::Kind::kReluBackward:
        y = graph.Backward(Pointwise::kReluBackward, y, operand);
        break;
      case PostOp::Kind::kRelu6Backward:
        y = graph.Backward(Pointwise::kReluBackward, y, operand, {.upper = 6});
        break;
      case PostOp::Kind::kResult:
        graph.Store(y, StoredDType(context.output(result)));
        placed.push_back({y, TensorPlace::Output(result)});
        ++result;
        break;
    }
  }
  graph.Store(y, StoredDType(context.output(result)));
  placed.push_back({y, TensorPlace::Output(result)});
}

}  // namespace slimnet::cudnn
