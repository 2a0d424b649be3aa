// Shape rules, one function for each op but elementwise ops of one input, whose result is of its type. The same rules
// as lib/ops, with the same messages. Dtypes are those of the op's traits: CheckDTypes sees to it before.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ir/program.h"

namespace slimnet::infer {

using Types = std::vector<TensorType>;

// A sliding window over height and width of an NHWC tensor.
struct Window {
  std::array<int64_t, 2> ksize;
  std::array<int64_t, 2> strides;
  std::array<int64_t, 2> dilations;
  std::array<int64_t, 4> pads;  // top, bottom, left, right
};

[[noreturn]] void Fail(const std::string& problem);

// Products and sums that stop at the largest int64 instead of overflowing; for values that are not negative.
int64_t SaturatingMul(int64_t a, int64_t b);
int64_t SaturatingAdd(int64_t a, int64_t b);

std::string ShapeText(const Shape& shape);

void RequireRank(const char* port, const TensorType& type, size_t rank);
void RequireVector(const char* port, const TensorType& type, int64_t length);
int64_t LastDimension(const char* port, const Shape& shape);
size_t NormalizeAxis(int64_t axis, size_t rank, const char* where);
// Whether inputs of these types may stand at the op's ports: the rule of lib/core/traits.ts.
void CheckDTypes(const OpInfo& op, const Types& inputs);
// Limits of rank, dimensions and elements.
void CheckShape(const Shape& shape);
// An input of which only the shape is stated, with the dtype of the others. Checks the shape.
TensorType Stated(DType dtype, const Shape& shape);
void RequireGradientOf(const TensorType& y, const TensorType& dy);
// Dimensions are aligned from the right, and a 1 stretches.
Shape Broadcast(const char* op, const Shape& a, const Shape& b);
void RequireBroadcast(const Shape& from, const Shape& to);

// infer_window.cc
std::array<int64_t, 2> Windowed(const Shape& shape, const Window& window);
Types Infer(const AvgPool2dAttrs& attrs, const Types& inputs);
Types Infer(const AvgPool2dBackwardAttrs& attrs, const Types& inputs);
Types Infer(const Conv2dAttrs& attrs, const Types& inputs);
Types Infer(const Conv2dBackwardDataAttrs& attrs, const Types& inputs);
Types Infer(const Conv2dBackwardFilterAttrs& attrs, const Types& inputs);
Types Infer(const MaxPool2dAttrs& attrs, const Types& inputs);
Types Infer(const MaxPool2dBackwardAttrs& attrs, const Types& inputs);

// infer_elementwise.cc
Types Infer(const AddAttrs& attrs, const Types& inputs);
Types Infer(const BiasAddAttrs& attrs, const Types& inputs);
Types Infer(const CastAttrs& attrs, const Types& inputs);
Types Infer(const CheckNumericsAttrs& attrs, const Types& inputs);
Types Infer(const DivAttrs& attrs, const Types& inputs);
Types Infer(const DivNoNanAttrs& attrs, const Types& inputs);
Types Infer(const DropoutAttrs& attrs, const Types& inputs);
Types Infer(const EqualAttrs& attrs, const Types& inputs);
Types Infer(const LessAttrs& attrs, const Types& inputs);
Types Infer(const LogSoftmaxAttrs& attrs, const Types& inputs);
Types Infer(const MaximumAttrs& attrs, const Types& inputs);
Types Infer(const MinimumAttrs& attrs, const Types& inputs);
Types Infer(const MulAttrs& attrs, const Types& inputs);
Types Infer(const NotEqualAttrs& attrs, const Types& inputs);
Types Infer(const PowAttrs& attrs, const Types& inputs);
Types Infer(const ReluBackwardAttrs& attrs, const Types& inputs);
Types Infer(const ReorderAttrs& attrs, const Types& inputs);
Types Infer(const SelectAttrs& attrs, const Types& inputs);
Types Infer(const SoftmaxAttrs& attrs, const Types& inputs);
Types Infer(const SubAttrs& attrs, const Types& inputs);

// infer_updates.cc
Types Infer(const ApplyAdadeltaAttrs& attrs, const Types& inputs);
Types Infer(const ApplyAdagradAttrs& attrs, const Types& inputs);
Types Infer(const ApplyAdamAttrs& attrs, const Types& inputs);
Types Infer(const ApplyAdamWAttrs& attrs, const Types& inputs);
Types Infer(const ApplyCenteredRmsPropAttrs& attrs, const Types& inputs);
Types Infer(const ApplyFtrlAttrs& attrs, const Types& inputs);
Types Infer(const ApplyGradientDescentAttrs& attrs, const Types& inputs);
Types Infer(const ApplyLarsAttrs& attrs, const Types& inputs);
Types Infer(const ApplyMomentumAttrs& attrs, const Types& inputs);
Types Infer(const ApplyRmsPropAttrs& attrs, const Types& inputs);
Types Infer(const AssignAttrs& attrs, const Types& inputs);
Types Infer(const AssignAddAttrs& attrs, const Types& inputs);
Types Infer(const AssignDebiasedMovingAverageAttrs& attrs, const Types& inputs);
Types Infer(const AssignMovingAverageAttrs& attrs, const Types& inputs);

// infer_normalization.cc
Types Infer(const BatchNormAttrs& attrs, const Types& inputs);
Types Infer(const BatchNormTrainingAttrs& attrs, const Types& inputs);
Types Infer(const BatchNormTrainingBackwardAttrs& attrs, const Types& inputs);
Types Infer(const BatchNormTrainingReluBackwardAttrs& attrs, const Types& inputs);

// infer_shape.cc
Types Infer(const BroadcastToAttrs& attrs, const Types& inputs);
Types Infer(const CropAttrs& attrs, const Types& inputs);
Types Infer(const MicrobatchConcatAttrs& attrs, const Types& inputs);
Types Infer(const OneHotAttrs& attrs, const Types& inputs);
Types Infer(const PadAttrs& attrs, const Types& inputs);
Types Infer(const MicrobatchSliceAttrs& attrs, const Types& inputs);
Types Infer(const ReshapeAttrs& attrs, const Types& inputs);
Types Infer(const SqueezeAttrs& attrs, const Types& inputs);
Types Infer(const TransposeAttrs& attrs, const Types& inputs);

// infer_reduction.cc
Types Infer(const ArgmaxAttrs& attrs, const Types& inputs);
Types Infer(const ConfusionMatrixAttrs& attrs, const Types& inputs);
Types Infer(const InTopKAttrs& attrs, const Types& inputs);
Types Infer(const L2LossAttrs& attrs, const Types& inputs);
Types Infer(const MatmulAttrs& attrs, const Types& inputs);
Types Infer(const PickAttrs& attrs, const Types& inputs);
Types Infer(const ReduceMeanAttrs& attrs, const Types& inputs);
Types Infer(const ReduceSumAttrs& attrs, const Types& inputs);
Types Infer(const SizeAttrs& attrs, const Types& inputs);
Types Infer(const SumToAttrs& attrs, const Types& inputs);
Types Infer(const TopKAttrs& attrs, const Types& inputs);

// infer.cc: ops that state their types
Types Infer(const ConstantAttrs& attrs, const Types& inputs);
Types Infer(const InputAttrs& attrs, const Types& inputs);
Types Infer(const VariableAttrs& attrs, const Types& inputs);

}  // namespace slimnet::infer
