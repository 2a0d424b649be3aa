#include "passes/split_cost.h"

#include <algorithm>

namespace slimnet {
namespace {

// Starting a step on all cores takes a few microseconds: so much could be moved meanwhile.
constexpr double kStart = 128 << 10;

// Less is not worth the smaller batches that kernels get.
constexpr double kWorth = 0.9;

// Images that a core may take at a time. More than these fit into a cache only where steps are so small that starting
// them is what counts.
constexpr int64_t kMostImages = 64;

double At(const StepBytes& step, int64_t images, int64_t batch, const Cores& cores) {
  return BytesPastCaches(step, images, batch, cores) + kStart;
}

}  // namespace

double BytesPastCaches(const StepBytes& step, int64_t images, int64_t batch, const Cores& cores) {
  const auto threads = static_cast<double>(cores.threads);
  const auto weights = static_cast<double>(step.weights);
  const double share = static_cast<double>(images) / static_cast<double>(batch) / threads;  // of one core
  const double touched = share * static_cast<double>(step.touched);
  const double alive = share * static_cast<double>(step.alive);
  const double too_much = alive + weights - static_cast<double>(cores.cache_bytes);
  return threads * (weights + std::clamp(too_much, 0.0, touched));
}

Split ChooseSplit(std::span<const StepBytes> steps, int64_t batch, const Cores& cores) {
  double whole = 0;
  for (const StepBytes& step : steps) whole += At(step, batch, batch, cores);
  Split best;
  double least = kWorth * whole;
  for (int64_t images = cores.threads; images <= std::min(batch / 2, kMostImages * cores.threads);
       images += cores.threads) {
    if (batch % images != 0) continue;
    const auto repeats = static_cast<double>(batch / images);
    double traffic = whole;
    for (size_t i = 0; i < steps.size(); ++i) {
      traffic += repeats * At(steps[i], images, batch, cores) - At(steps[i], batch, batch, cores);
      if (!steps[i].may_end || traffic > least) continue;
      least = traffic;
      best = {i + 1, images};
    }
  }
  return best;
}

}  // namespace slimnet
