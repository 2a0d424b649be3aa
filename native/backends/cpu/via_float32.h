// A kernel for values that are stored in low precision, out of one that knows float32 alone.
#pragma once

#include <functional>
#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

// Changes input 1, a float32 filter, before the inner kernel reads it: what a backend of low precision makes of it.
// Runs in one thread, once for each run.
using FilterRounding = std::function<void(const float* from, float* to)>;

// Reads what is in low precision into float32, lets the kernel that `prepare` makes for the same node in float32
// compute, and stores its result. Simple, not quick: three passes over memory instead of one.
std::unique_ptr<Kernel> ViaFloat32(const NodeContext& node,
                                   const std::function<std::unique_ptr<Kernel>(const NodeContext&)>& prepare,
                                   FilterRounding round_filter = nullptr);

}  // namespace slimnet::cpu
