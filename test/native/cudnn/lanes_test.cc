// Runs of two lanes on one device: what one of them uploads is queued while the other one computes.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/software_backend.h"
#include "runtime/compiled_program.h"
#include "runtime/thread_pool.h"

namespace slimnet::testing {
namespace {

// Of no use but to be computed on a device.
const std::string kPoolOfALane = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[1,2,2,4]
%1 = avg_pool2d(%0) {ksize=[2,2], strides=[2,2], pads=[0,0,0,0]} @"y" : float32[1,1,1,4]
output "y" %1
)";

struct DeviceLane {
  explicit DeviceLane(const Backend& backend) : stream(backend.NewStream(&pool)), arena(backend) {}

  ThreadPool pool{1};
  std::unique_ptr<Stream> stream;
  Arena arena;
};

TEST(DeviceLanes, QueueTheirUploadsWhileOthersCompute) {
  if (const Verdict verdict = HasPinnedCudnn(); !verdict) GTEST_SKIP() << verdict.reason;
  constexpr int kLanes = 2;
  const auto faults = std::make_shared<Faults>();
  const std::shared_ptr<const Backend> backend = MakeCudnnSoftware(faults);
  const auto store = std::make_shared<Store>(backend);
  const std::atomic<bool> never{false};
  std::array<DeviceLane, kLanes> lanes{DeviceLane(*backend), DeviceLane(*backend)};
  const auto program =
      CompiledProgram::Compile(kPoolOfALane, store, backend, {lanes[0].pool, *lanes[0].stream, lanes[0].arena}, never);

  // Nothing of a queue is done before all have been given all that they are to do.
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  bool met = true;
  faults->before_work = [&] {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    met = changed.wait_for(lock, std::chrono::minutes(2), [&] { return waiting >= kLanes; }) && met;
  };
  std::array<std::array<float, 4>, kLanes> results{};
  std::vector<std::thread> threads;
  for (int i = 0; i < kLanes; ++i) {
    threads.emplace_back([&, i] {
      DeviceLane& lane = lanes[static_cast<size_t>(i)];
      const std::vector<float> x(16, static_cast<float>(i));
      RunRequest request;
      request.inputs = {reinterpret_cast<const std::byte*>(x.data())};
      program->Run({lane.pool, *lane.stream, lane.arena}, request, never);
      std::memcpy(results[static_cast<size_t>(i)].data(), request.outputs[0].data(), sizeof(results[0]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(met) << "a lane waits for what another one has queued";
  EXPECT_EQ(results[0], (std::array<float, 4>{0, 0, 0, 0}));
  EXPECT_EQ(results[1], (std::array<float, 4>{1, 1, 1, 1}));
}

}  // namespace
}  // namespace slimnet::testing
