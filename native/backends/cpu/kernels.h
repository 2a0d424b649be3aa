// The plain loops of cpu/loops.cc. Each function prepares a kernel for one node; what the ops mean is said in
// lib/ops/<op>.ts.
#pragma once

#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareApplyAdadelta(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyAdagrad(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyAdam(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyAdamW(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyCenteredRmsProp(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyFtrl(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyGradientDescent(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyLars(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyMomentum(const NodeContext& node);
std::unique_ptr<Kernel> PrepareApplyRmsProp(const NodeContext& node);
std::unique_ptr<Kernel> PrepareArgmax(const NodeContext& node);
std::unique_ptr<Kernel> PrepareAssign(const NodeContext& node);
std::unique_ptr<Kernel> PrepareAssignAdd(const NodeContext& node);
std::unique_ptr<Kernel> PrepareAssignDebiasedMovingAverage(const NodeContext& node);
std::unique_ptr<Kernel> PrepareAssignMovingAverage(const NodeContext& node);
std::unique_ptr<Kernel> PrepareBroadcastTo(const NodeContext& node);
std::unique_ptr<Kernel> PrepareCast(const NodeContext& node);
std::unique_ptr<Kernel> PrepareCheckNumerics(const NodeContext& node);
std::unique_ptr<Kernel> PrepareConfusionMatrix(const NodeContext& node);
std::unique_ptr<Kernel> PrepareCos(const NodeContext& node);
std::unique_ptr<Kernel> PrepareCrop(const NodeContext& node);
std::unique_ptr<Kernel> PrepareDropout(const NodeContext& node);
std::unique_ptr<Kernel> PrepareEqual(const NodeContext& node);
std::unique_ptr<Kernel> PrepareFloor(const NodeContext& node);
std::unique_ptr<Kernel> PrepareInTopK(const NodeContext& node);
std::unique_ptr<Kernel> PrepareLess(const NodeContext& node);
std::unique_ptr<Kernel> PrepareMaximum(const NodeContext& node);
std::unique_ptr<Kernel> PrepareMinimum(const NodeContext& node);
std::unique_ptr<Kernel> PrepareNotEqual(const NodeContext& node);
std::unique_ptr<Kernel> PrepareOneHot(const NodeContext& node);
std::unique_ptr<Kernel> PreparePad(const NodeContext& node);
std::unique_ptr<Kernel> PreparePick(const NodeContext& node);
std::unique_ptr<Kernel> PreparePow(const NodeContext& node);
std::unique_ptr<Kernel> PrepareSelect(const NodeContext& node);
std::unique_ptr<Kernel> PrepareSize(const NodeContext& node);
std::unique_ptr<Kernel> PrepareSqrt(const NodeContext& node);
std::unique_ptr<Kernel> PrepareTopK(const NodeContext& node);
std::unique_ptr<Kernel> PrepareTranspose(const NodeContext& node);

// The same bytes under another shape (reshape, squeeze, scale_gradient, stop_gradient): a copy, or nothing where the
// memory planner made both one place. Every dtype.
std::unique_ptr<Kernel> PrepareCopy(const NodeContext& node);

// Between two plain values: from one way of storing float32 to another, or a copy. Every dtype.
std::unique_ptr<Kernel> PrepareReorder(const NodeContext& node);

}  // namespace slimnet::cpu
