#include "ir/batchwise.h"

#include <algorithm>

namespace slimnet {
namespace {

bool Without(const std::vector<int64_t>& axes, size_t rank) {
  const auto first = [&](int64_t axis) { return axis == 0 || axis == -static_cast<int64_t>(rank); };
  return std::none_of(axes.begin(), axes.end(), first);
}

// Whether the attributes leave the first dimension where it is, for each op of Batchwise::kAttrs. That its size stays
// is looked at for all ops. `rank` is that of the input.
bool LeavesImages(const ArgmaxAttrs& a, size_t rank) { return Without({a.axis}, rank); }
bool LeavesImages(const CropAttrs& a, size_t) { return a.pads[0] == 0 && a.pads[1] == 0; }
bool LeavesImages(const PadAttrs& a, size_t) { return a.pads[0] == 0 && a.pads[1] == 0; }
// No axes: all of them.
bool LeavesImages(const ReduceMeanAttrs& a, size_t rank) { return !a.axes.empty() && Without(a.axes, rank); }
bool LeavesImages(const ReduceSumAttrs& a, size_t rank) { return !a.axes.empty() && Without(a.axes, rank); }
bool LeavesImages(const ReshapeAttrs&, size_t) { return true; }
bool LeavesImages(const SqueezeAttrs& a, size_t rank) { return Without(a.axes, rank); }
bool LeavesImages(const TransposeAttrs& a, size_t) { return a.perm[0] == 0; }

// An op of Batchwise::kAttrs that has no function above does not compile here.
bool AttrsLeaveImages(const Attrs& attrs, size_t rank) {
  return std::visit(
      [rank]<class OpAttrs>(const OpAttrs& a) {
        if constexpr (Info(OpAttrs::kOp).batchwise == Batchwise::kAttrs) {
          return LeavesImages(a, rank);
        } else {
          return true;
        }
      },
      attrs);
}

}  // namespace

std::optional<std::vector<bool>> ReadsBatchwise(const Program& program, const Node& node) {
  const Batchwise kind = Info(node.op).batchwise;
  if (kind == Batchwise::kNever) return std::nullopt;
  const auto shape = [&](ValueId value) -> const Shape& { return program.values[value].type.shape; };
  const Shape& result = shape(node.outputs[0]);
  const Shape& first = shape(node.inputs[0]);
  if (result.empty()) return std::nullopt;
  const auto by_channel = [](const PostOp& post) { return IsByChannel(post.kind); };
  if (result.size() < 2 && std::any_of(node.post_ops.begin(), node.post_ops.end(), by_channel)) return std::nullopt;
  if (kind == Batchwise::kRows && first.size() < 2) return std::nullopt;
  if (!AttrsLeaveImages(node.attrs, first.size())) return std::nullopt;

  std::vector<bool> batchwise(node.inputs.size(), kind == Batchwise::kAll);
  if (kind == Batchwise::kBroadcast) {
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
