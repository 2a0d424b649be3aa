#include "backends/cudnn/tail.h"

#include <algorithm>

#include "backends/cudnn/rounded_layout.h"
#include "backends/cudnn/stored.h"
#include "base/code.h"

namespace slimnet::cudnn {
namespace {

bool IsTerm(PostOp::Kind kind) { return kind == PostOp::Kind::kAdd || kind == PostOp::Kind::kBias; }

// What there is once for each channel of an image, or of a matrix.
Extents ByChannel(const Extents& result) {
  return result.size() == 4 ? ChannelExtents(result[1]) : Extents{1, 1, result[2]};
}

Tensor Times(Graph& graph, Tensor y, float number, std::vector<PlacedTensor>& placed) {
  const Tensor factor = graph.ByValue(DType::kFloat32, graph.info(y).extents.size());
  placed.push_back({factor, TensorPlace::Number(number)});
  return graph.Mul(y, factor);
}

// What the elements of a value stand for: integers times their step.
Tensor FromSteps(Graph& graph, const Value& value, Tensor x, std::vector<PlacedTensor>& placed) {
  const double step = StepOf(value);
  return step == 0 ? x : Times(graph, x, static_cast<float>(step), placed);
}

// Stores `y` as a value is: in integers as the nearest number of steps.
void StoreAs(Graph& graph, const Value& value, Tensor y, TensorPlace place, std::vector<PlacedTensor>& placed) {
  if (const double step = StepOf(value); step != 0) y = Times(graph, y, Code<int8_t>(step).inverse, placed);
  graph.Store(y, StoredDType(value));
  placed.push_back({y, place});
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

Verdict SupportsFactor(DType type) {
  if (type == DType::kFloat32) return Verdict::No("cuDNN multiplies in the precision that it reads");
  if (type == DType::kUInt8) return Verdict::No("cuDNN multiplies signed integers");
  return Verdict::Yes();
}

LayoutPtr TailOperandLayout(const OpContext& context, size_t post_op) {
  const std::span<const PostOp> post_ops = context.node.post_ops;
  if (post_ops[post_op].kind != PostOp::Kind::kBias) return nullptr;
  // What writes bfloat16, with at most a relu behind: with a relu that has an upper end, or other things behind the
  // bias, cuDNN has better engines where the bias is float32.
  const bool brain = StoredDType(context.output(0)) == DType::kBFloat16;
  const bool fits =
      std::ranges::all_of(post_ops, [](const PostOp& op) { return IsTerm(op.kind) || op.kind == PostOp::Kind::kRelu; });
  const bool alone = std::ranges::count(post_ops, PostOp::Kind::kBias, &PostOp::kind) == 1;
  if (!brain || !fits || !alone) return nullptr;
  return std::make_shared<RoundedLayout>(context.operand(post_op).type.shape.back());
}

Tensor ProductsOf(Graph& graph, const OpContext& context, const PackedFilter& filter, Tensor sums,
                  std::vector<PlacedTensor>& placed) {
  if (filter.layout().stored() != DType::kInt8) return sums;
  const Tensor steps = graph.Stored(DType::kFloat32, ByChannel(graph.info(sums).extents));
  placed.push_back({steps, filter.steps_place()});
  return FromSteps(graph, context.input(0), graph.Mul(sums, steps), placed);
}

void AddTail(Graph& graph, const OpContext& context, Tensor y, std::vector<PlacedTensor>& placed) {
  const Extents extents = graph.info(y).extents;
  size_t result = 0;
  for (const size_t i : TailOrder(context.node)) {
    const PostOp& post = context.node.post_ops[i];
    Tensor operand;
    if (post.operand != kNoValue) {
      const Value& value = context.operand(i);
      const DType type = IsRounded(value) ? DType::kBFloat16 : StoredDType(value);
      operand = graph.Stored(type, IsByChannel(post.kind) ? ByChannel(extents) : extents);
      placed.push_back({operand, TensorPlace::Operand(i)});
      operand = FromSteps(graph, value, operand, placed);
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
        StoreAs(graph, context.output(result), y, TensorPlace::Output(result), placed);
        ++result;
        break;
    }
  }
  StoreAs(graph, context.output(result), y, TensorPlace::Output(result), placed);
}

}  // namespace slimnet::cudnn
