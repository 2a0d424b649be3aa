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

constexpr std::array kLines{
    Line{OpKind::kArgmax, {.prepare = PrepareArgmax}},
    Line{OpKind::kAssignAdd, {.prepare = PrepareAssignAdd}},
    Line{OpKind::kAssignDebiasedMovingAverage, {.prepare = PrepareAssignDebiasedMovingAverage}},
    Line{OpKind::kAssignMovingAverage, {.prepare = PrepareAssignMovingAverage}},
    Line{OpKind::kBroadcastTo, {.prepare = PrepareBroadcastTo}},
    Line{OpKind::kCast, {.prepare = PrepareCast}},
    Line{OpKind::kConfusionMatrix, {.prepare = PrepareConfusionMatrix}},
    Line{OpKind::kCrop, {.prepare = PrepareCrop}},
    Line{OpKind::kDropout, {.prepare = PrepareDropout}},
    Line{OpKind::kEqual, {.prepare = PrepareEqual}},
    Line{OpKind::kInTopK, {.prepare = PrepareInTopK}},
    Line{OpKind::kNotEqual, {.prepare = PrepareNotEqual}},
    Line{OpKind::kOneHot, {.prepare = PrepareOneHot}},
    Line{OpKind::kPad, {.prepare = PreparePad}},
    Line{OpKind::kPick, {.prepare = PreparePick}},
    Line{OpKind::kReorder, {.reads_low_precision = true, .prepare = PrepareReorder}},
    Line{OpKind::kReshape, {.reads_low_precision = true, .prepare = PrepareCopy}},
    Line{OpKind::kScaleGradient, {.prepare = PrepareCopy}},
    Line{OpKind::kSelect, {.prepare = PrepareSelect}},
    Line{OpKind::kSize, {.prepare = PrepareSize}},
    Line{OpKind::kSqueeze, {.reads_low_precision = true, .prepare = PrepareCopy}},
    Line{OpKind::kTopK, {.prepare = PrepareTopK}},
    Line{OpKind::kTranspose, {.prepare = PrepareTranspose}},
};

}  // namespace

const Loop* LoopOf(OpKind op) {
  const auto found = std::find_if(kLines.begin(), kLines.end(), [op](const Line& line) { return line.op == op; });
  return found == kLines.end() ? nullptr : &found->loop;
}

}  // namespace slimnet::cpu
