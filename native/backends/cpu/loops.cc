#include "backends/cpu/loops.h"

#include <algorithm>
#include <array>

#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

struct Line {
  OpKind op;
  Loop loop;
};

// Counters are integers.
constexpr std::array kNumbers{DType::kFloat32, DType::kFloat64, DType::kInt8,   DType::kInt16,  DType::kInt32,
                              DType::kInt64,   DType::kUInt8,   DType::kUInt16, DType::kUInt32, DType::kUInt64};

constexpr std::array kLines{
    Line{OpKind::kApplyAdadelta, {.prepare = PrepareApplyAdadelta}},
    Line{OpKind::kApplyAdagrad, {.prepare = PrepareApplyAdagrad}},
    Line{OpKind::kApplyAdam, {.prepare = PrepareApplyAdam}},
    Line{OpKind::kApplyAdamW, {.prepare = PrepareApplyAdamW}},
    Line{OpKind::kApplyCenteredRmsProp, {.prepare = PrepareApplyCenteredRmsProp}},
    Line{OpKind::kApplyFtrl, {.prepare = PrepareApplyFtrl}},
    Line{OpKind::kApplyGradientDescent, {.prepare = PrepareApplyGradientDescent}},
    Line{OpKind::kApplyLars, {.prepare = PrepareApplyLars}},
    Line{OpKind::kApplyMomentum, {.prepare = PrepareApplyMomentum}},
    Line{OpKind::kApplyRmsProp, {.prepare = PrepareApplyRmsProp}},
    Line{OpKind::kArgmax, {.prepare = PrepareArgmax}},
    Line{OpKind::kAssign, {.floats = kNumbers, .prepare = PrepareAssign}},
    Line{OpKind::kAssignAdd, {.floats = kNumbers, .prepare = PrepareAssignAdd}},
    Line{OpKind::kAssignDebiasedMovingAverage, {.prepare = PrepareAssignDebiasedMovingAverage}},
    Line{OpKind::kAssignMovingAverage, {.prepare = PrepareAssignMovingAverage}},
    Line{OpKind::kBroadcastTo, {.prepare = PrepareBroadcastTo}},
    Line{OpKind::kCast, {.prepare = PrepareCast}},
    Line{OpKind::kCheckNumerics, {.prepare = PrepareCheckNumerics}},
    Line{OpKind::kConfusionMatrix, {.prepare = PrepareConfusionMatrix}},
    Line{OpKind::kCos, {.prepare = PrepareCos}},
    Line{OpKind::kCrop, {.reads_low_precision = true, .prepare = PrepareCrop}},
    Line{OpKind::kDropout, {.prepare = PrepareDropout}},
    Line{OpKind::kEqual, {.prepare = PrepareEqual}},
    Line{OpKind::kFloor, {.prepare = PrepareFloor}},
    Line{OpKind::kInTopK, {.prepare = PrepareInTopK}},
    Line{OpKind::kLess, {.floats = kNumbers, .prepare = PrepareLess}},
    Line{OpKind::kMaximum, {.prepare = PrepareMaximum}},
    Line{OpKind::kMinimum, {.prepare = PrepareMinimum}},
    Line{OpKind::kNotEqual, {.prepare = PrepareNotEqual}},
    Line{OpKind::kOneHot, {.prepare = PrepareOneHot}},
    Line{OpKind::kPad, {.reads_low_precision = true, .prepare = PreparePad}},
    Line{OpKind::kPick, {.prepare = PreparePick}},
    Line{OpKind::kPow, {.prepare = PreparePow}},
    Line{OpKind::kReorder, {.reads_low_precision = true, .prepare = PrepareReorder}},
    Line{OpKind::kReshape, {.reads_low_precision = true, .prepare = PrepareCopy}},
    Line{OpKind::kScaleGradient, {.prepare = PrepareCopy}},
    Line{OpKind::kSelect, {.prepare = PrepareSelect}},
    Line{OpKind::kSize, {.prepare = PrepareSize}},
    Line{OpKind::kSqrt, {.prepare = PrepareSqrt}},
    Line{OpKind::kSqueeze, {.reads_low_precision = true, .prepare = PrepareCopy}},
    Line{OpKind::kStopGradient, {.prepare = PrepareCopy}},
    Line{OpKind::kTopK, {.prepare = PrepareTopK}},
    Line{OpKind::kTranspose, {.prepare = PrepareTranspose}},
};

}  // namespace

const Loop* LoopOf(OpKind op) {
  const auto found = std::find_if(kLines.begin(), kLines.end(), [op](const Line& line) { return line.op == op; });
  return found == kLines.end() ? nullptr : &found->loop;
}

}  // namespace slimnet::cpu
