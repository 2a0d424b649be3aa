#include "backends/cudnn/measure.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/cudnn/graph/ports.h"

namespace slimnet::cudnn {
namespace {

// The first one also loads the plan's code.
constexpr int kRunsBefore = 2;
constexpr int kRuns = 5;
constexpr size_t kMostScalarBytes = 8;

// Zeros are not like values: multipliers that see nothing else take less power, and run faster. This is a small number
// in every type of floating point.
constexpr std::byte kAnyByte{0x3a};

// Memory like that of a run of the plan.
struct Trial {
  Trial(const Plan& plan, Gpu& gpu, Queue& queue) {
    for (const PlanPort& port : plan.ports()) {
      if (port.by_value) {
        ports.push_back({port.id, {}, scalar.data()});
        continue;
      }
      memory.push_back(gpu.Allocate(port.bytes));
      queue.Fill(memory.back()->data(), kAnyByte, port.bytes);
      ports.push_back({port.id, memory.back()->data(), nullptr});
    }
    if (ScratchBytes(plan) == 0) return;
    memory.push_back(gpu.Allocate(ScratchBytes(plan)));
    workspace = WorkspaceIn(memory.back()->data());
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  std::vector<std::unique_ptr<Memory>> memory;
  std::vector<Port> ports;
  DevicePtr workspace;
  alignas(kMostScalarBytes) std::array<std::byte, kMostScalarBytes> scalar{};
};

// The median of some runs.
double SecondsOf(const Plan& plan, Gpu& gpu, PlanRunner& runner, Queue& queue) {
  const Trial trial(plan, gpu, queue);
  std::array<std::unique_ptr<Event>, kRuns + 1> moments;
  for (auto& moment : moments) moment = gpu.NewEvent();
  const auto run = [&] { runner.Run(plan, trial.ports, trial.workspace, queue); };
  for (int i = 0; i < kRunsBefore; ++i) run();
  moments[0]->Record(queue);
  for (size_t i = 1; i < moments.size(); ++i) {
    run();
    moments[i]->Record(queue);
  }
  queue.Wait();
  std::array<double, kRuns> times{};
  for (size_t i = 0; i < times.size(); ++i) times[i] = moments[i + 1]->MillisecondsSince(*moments[i]) / 1000;
  std::ranges::nth_element(times, times.begin() + kRuns / 2);
  return times[kRuns / 2];
}

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Autotune AutotuneOn(const Device& device, double seconds) {
  const auto measure = [gpu = device.gpu, runner = device.runner, where = device.measuring](const Plan& plan) {
    const std::lock_guard lock(where->turn);
    gpu->MakeCurrent();
    if (!where->queue) where->queue = gpu->NewQueue();
    try {
      return SecondsOf(plan, *gpu, *runner, *where->queue);
    } catch (...) {
      where->queue.reset();  // something of it may still be queued
      throw;
    }
  };
  return {.measure = measure, .now = SecondsNow, .seconds = seconds};
}

}  // namespace slimnet::cudnn
