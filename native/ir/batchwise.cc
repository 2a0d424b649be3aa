#include "ir/batchwise.h"

#include <algorithm>

namespace slimnet {
namespace {

// How an op treats the first dimension.
enum class Images {
  kNever,      // not one image at a time
  kFirst,      // of its first input; all others are read whole
  kRows,       // as kFirst, where the first dimension is not the one along which it computes
  kShaped,     // as kFirst, where the attributes leave the first dimension alone
  kStretched,  // of all inputs that have the result's rank and batch; others are stretched over the images
  kAll,        // of all inputs
};

// No default: who adds an op decides.
Images ImagesOf(OpKind op) {
  switch (op) {
    case OpKind::kAssignAdd:
    case OpKind::kAssignDebiasedMovingAverage:
    case OpKind::kAssignMovingAverage:
    case OpKind::kBatchNormTraining:
    case OpKind::kConfusionMatrix:
    case OpKind::kConstant:
    case OpKind::kDropout:
    case OpKind::kInput:
    case OpKind::kMicrobatchConcat:
    case OpKind::kL2Loss:
    case OpKind::kMicrobatchSlice:
    case OpKind::kSize:
    case OpKind::kVariable:
      return Images::kNever;
    case OpKind::kAbs:
    case OpKind::kAvgPool2d:
    case OpKind::kCast:
    case OpKind::kConv2d:
    case OpKind::kElu:
    case OpKind::kExp:
    case OpKind::kLog:
    case OpKind::kLog1p:
    case OpKind::kMaxPool2d:
    case OpKind::kOneHot:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReorder:
    case OpKind::kRsqrt:
    case OpKind::kScaleGradient:
    case OpKind::kSigmoid:
      return Images::kFirst;
    case OpKind::kBatchNorm:
    case OpKind::kBiasAdd:
    case OpKind::kLogSoftmax:
    case OpKind::kMatmul:
    case OpKind::kSoftmax:
    case OpKind::kTopK:
      return Images::kRows;
    case OpKind::kArgmax:
    case OpKind::kPad:
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kTranspose:
      return Images::kShaped;
    case OpKind::kAdd:
    case OpKind::kDiv:
    case OpKind::kDivNoNan:
    case OpKind::kEqual:
    case OpKind::kMul:
    case OpKind::kNotEqual:
    case OpKind::kSelect:
    case OpKind::kSub:
      return Images::kStretched;
    case OpKind::kInTopK:
    case OpKind::kPick:
      return Images::kAll;
  }
  return Images::kNever;
}

bool Without(const std::vector<int64_t>& axes, size_t rank) {
  const auto first = [&](int64_t axis) { return axis == 0 || axis == -static_cast<int64_t>(rank); };
  return std::none_of(axes.begin(), axes.end(), first);
}

// Whether the attributes of an op of kShaped leave the first dimension where it is. That its size stays is looked at
// for all ops.
struct LeavesImages {
  size_t rank;  // of the input

  bool operator()(const ArgmaxAttrs& a) const { return Without({a.axis}, rank); }
  bool operator()(const PadAttrs& a) const { return a.pads[0] == 0 && a.pads[1] == 0; }
  // No axes: all of them.
  bool operator()(const ReduceMeanAttrs& a) const { return !a.axes.empty() && Without(a.axes, rank); }
  bool operator()(const ReduceSumAttrs& a) const { return !a.axes.empty() && Without(a.axes, rank); }
  bool operator()(const ReshapeAttrs&) const { return true; }
  bool operator()(const SqueezeAttrs& a) const { return Without(a.axes, rank); }
  bool operator()(const TransposeAttrs& a) const { return a.perm[0] == 0; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

}  // namespace

std::optional<std::vector<bool>> ReadsBatchwise(const Program& program, const Node& node) {
  const Images images = ImagesOf(node.op);
  if (images == Images::kNever) return std::nullopt;
  const auto shape = [&](ValueId value) -> const Shape& { return program.values[value].type.shape; };
  const Shape& result = shape(node.outputs[0]);
  const Shape& first = shape(node.inputs[0]);
  if (result.empty()) return std::nullopt;
  const auto by_channel = [](const PostOp& post) { return IsByChannel(post.kind); };
  if (result.size() < 2 && std::any_of(node.post_ops.begin(), node.post_ops.end(), by_channel)) return std::nullopt;
  if (images == Images::kRows && first.size() < 2) return std::nullopt;
  if (images == Images::kShaped && !std::visit(LeavesImages{first.size()}, node.attrs)) return std::nullopt;

  std::vector<bool> batchwise(node.inputs.size(), images == Images::kAll);
  if (images == Images::kStretched) {
    for (size_t i = 0; i < batchwise.size(); ++i) {
      const Shape& read = shape(node.inputs[i]);
      batchwise[i] = read.size() == result.size() && read[0] == result[0];
    }
  } else {
    batchwise[0] = true;
  }
  const auto same_batch = [&](ValueId value) { return !shape(value).empty() && shape(value)[0] == result[0]; };
  for (size_t i = 0; i < batchwise.size(); ++i) {
    if (batchwise[i] && !same_batch(node.inputs[i])) return std::nullopt;
  }
  if (!std::all_of(node.outputs.begin(), node.outputs.end(), same_batch)) return std::nullopt;
  return batchwise;
}

}  // namespace slimnet
