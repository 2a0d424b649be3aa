// Programs whose first steps run on a few images at a time: they give what the whole batch gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/cpu_stream.h"
#include "base/error.h"
#include "runtime/compiled_program.h"
#include "runtime/store.h"
#include "runtime/thread_pool.h"

namespace slimnet {
namespace {

using Floats = std::vector<float>;

constexpr size_t kImage = 8 * 8 * 16;
constexpr size_t kBatch = 4;

// A stem, a residual unit with a projection and a batch norm, pooling and a classifier, for four images. What is added
// to the images is a variable with values for each of them.
const std::string kNetwork = R"(slimnet.plan 1
%0 = input() {name="images"} @"images" : float32[4,8,8,16]
%1 = variable() {name="offset"} @"offset/read" : float32[4,8,8,16]
%2 = add(%0, %1) {} @"shifted" : float32[4,8,8,16]
%3 = variable() {name="w3"} @"w3/read" : float32[3,3,16,16]
%4 = variable() {name="b"} @"b/read" : float32[16]
%5 = conv2d(%2, %3) {strides=[1,1], dilations=[1,1], pads=[1,1,1,1]} @"stem/conv" : float32[4,8,8,16]
%6 = bias_add(%5, %4) {} @"stem/bias" : float32[4,8,8,16]
%7 = relu(%6) {} @"stem" : float32[4,8,8,16]
%8 = variable() {name="w1"} @"w1/read" : float32[1,1,16,16]
%9 = conv2d(%7, %8) {strides=[1,1], dilations=[1,1], pads=[0,0,0,0]} @"unit/shortcut" : float32[4,8,8,16]
%10 = conv2d(%7, %3) {strides=[1,1], dilations=[1,1], pads=[1,1,1,1]} @"unit/conv1" : float32[4,8,8,16]
%11 = variable() {name="positive"} @"positive/read" : float32[16]
%12 = batch_norm(%10, %11, %4, %4, %11) {epsilon=0.001} @"unit/norm" : float32[4,8,8,16]
%13 = relu(%12) {} @"unit/relu1" : float32[4,8,8,16]
%14 = conv2d(%13, %8) {strides=[1,1], dilations=[1,1], pads=[0,0,0,0]} @"unit/conv2" : float32[4,8,8,16]
%15 = add(%9, %14) {} @"unit/sum" : float32[4,8,8,16]
%16 = relu(%15) {} @"unit" : float32[4,8,8,16]
%17 = batch_norm(%16, %11, %4, %4, %11) {epsilon=0.001} @"norm" : float32[4,8,8,16]
%18 = max_pool2d(%17) {ksize=[2,2], strides=[2,2], pads=[0,0,0,0]} @"pool" : float32[4,4,4,16]
%19 = reshape(%18) {shape=[4,16,16]} @"flat" : float32[4,16,16]
%20 = reduce_mean(%19) {axes=[1], keep_dims=false} @"mean" : float32[4,16]
%21 = variable() {name="m"} @"m/read" : float32[16,16]
%22 = matmul(%20, %21) {} @"logits" : float32[4,16]
%23 = softmax(%22) {} @"probabilities" : float32[4,16]
output "probabilities" %23
output "stem" %7
output "flat" %19
output "sum" %16
)";

const std::string kRanges = R"(precision int8
range "images" -2 2
range "shifted" -4 4
range "stem" 0 4
range "unit/shortcut" -4 4
range "unit/relu1" 0 4
range "unit" 0 4
range "norm" -4 4
range "mean" -4 4
range "logits" -4 4
)";

Floats Waves(size_t count, float phase, float scale = 1, float offset = 0) {
  Floats values(count);
  for (size_t i = 0; i < count; ++i) values[i] = offset + scale * std::sin(phase + 0.7F * static_cast<float>(i));
  return values;
}

std::string SplitLine(int steps, int images) {
  return "split " + std::to_string(steps) + " " + std::to_string(images) + "\n";
}

// Counts the steps of a profiled run, after each of which is waited, and stops the run at one of them.
class WatchedStream final : public cpu::CpuStream {
 public:
  using CpuStream::CpuStream;
  void Wait() override { cancelled = ++waits == stop_at; }

  int waits = 0;
  int stop_at = 0;
  std::atomic<bool> cancelled{false};
};

class MicrobatchRuns : public ::testing::Test {
 protected:
  explicit MicrobatchRuns(const std::string& backend = "reference")
      : backend_(MakeBackend(backend, {.threads = 2})),
        pool_(2),
        stream_(backend_->NewStream(&pool_)),
        arena_(*backend_),
        store_(std::make_shared<Store>(backend_)) {
    Declare("offset", {4, 8, 8, 16}, Waves(kBatch * kImage, 1));
    Declare("w3", {3, 3, 16, 16}, Waves(9 * 256, 2, 0.1F));
    Declare("w1", {1, 1, 16, 16}, Waves(256, 3, 0.3F));
    Declare("b", {16}, Waves(16, 4, 0.2F));
    Declare("positive", {16}, Waves(16, 5, 0.2F, 1));
    Declare("m", {16, 16}, Waves(256, 6, 0.5F));
  }

  void Declare(const std::string& name, Shape shape, const Floats& values) {
    store_->Declare(name, {DType::kFloat32, std::move(shape)});
    store_->Write(name, DType::kFloat32, std::as_bytes(std::span(values)), 0);
  }

  ExecutorResources Resources() { return {pool_, *stream_, arena_}; }
  std::shared_ptr<CompiledProgram> Compile(const std::string& plan) {
    return CompiledProgram::Compile(plan, store_, backend_, Resources(), never_);
  }
  // Of images that outlive it.
  static RunRequest Request(const Floats& images) {
    RunRequest request;
    request.inputs = {reinterpret_cast<const std::byte*>(images.data())};
    return request;
  }
  std::vector<Floats> Run(CompiledProgram& program, const Floats& images) {
    RunRequest request = Request(images);
    program.Run(Resources(), request, never_);
    std::vector<Floats> outputs;
    for (const HostBlock& block : request.outputs) {
      Floats values(block.bytes() / sizeof(float));
      std::memcpy(values.data(), block.data(), block.bytes());
      outputs.push_back(std::move(values));
    }
    return outputs;
  }

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  std::shared_ptr<Store> store_;
  const std::atomic<bool> never_{false};
  const Floats images_ = Waves(kBatch * kImage, 0);
};

TEST_F(MicrobatchRuns, GivesTheBitsOfTheWholeBatch) {
  const auto whole = Compile(kNetwork + "split never\n");
  const std::vector<Floats> expected = Run(*whole, images_);
  for (int steps = 1; steps <= 16; ++steps) {
    for (const int images : {1, 2}) {
      SCOPED_TRACE(SplitLine(steps, images));
      const auto split = Compile(kNetwork + SplitLine(steps, images));
      EXPECT_NE(split->PlanText().find("microbatch_loop " + std::to_string(4 / images) + ":\n"), std::string::npos);
      EXPECT_EQ(Run(*split, images_), expected);
    }
  }
}

TEST_F(MicrobatchRuns, GivesTheBitsOfTheWholeBatchInLowPrecision) {
  for (const std::string& precision : {std::string("precision bfloat16\n"), kRanges}) {
    const std::vector<Floats> expected = Run(*Compile(kNetwork + precision), images_);
    for (int steps = 1; steps <= 18; ++steps) {
      SCOPED_TRACE(precision + SplitLine(steps, 2));
      EXPECT_EQ(Run(*Compile(kNetwork + precision + SplitLine(steps, 2)), images_), expected);
    }
  }
}

TEST_F(MicrobatchRuns, FollowsInputsVariablesAndArenas) {
  const auto whole = Compile(kNetwork);
  const auto split = Compile(kNetwork + SplitLine(8, 1));
  EXPECT_EQ(Run(*split, images_), Run(*whole, images_));
  const Floats others = Waves(kBatch * kImage, 9, 2);
  EXPECT_EQ(Run(*split, others), Run(*whole, others));
  Declare("offset", {4, 8, 8, 16}, Waves(kBatch * kImage, 8));
  EXPECT_EQ(Run(*split, others), Run(*whole, others));
  Arena another(*backend_);
  RunRequest request = Request(images_);
  split->Run({pool_, *stream_, another}, request, never_);
  Floats probabilities(16 * kBatch);
  std::memcpy(probabilities.data(), request.outputs[0].data(), request.outputs[0].bytes());
  EXPECT_EQ(probabilities, Run(*whole, images_)[0]);
}

TEST_F(MicrobatchRuns, AddsTimesAndTypesOfAllRepetitions) {
  const auto whole = Compile(kNetwork);
  const auto split = Compile(kNetwork + SplitLine(5, 1));
  const std::vector<StepReport> expected = whole->Steps();
  WatchedStream stream(&pool_);
  RunRequest request = Request(images_);
  request.profile = true;
  split->Run({pool_, stream, arena_}, request, never_);
  const std::vector<StepReport> steps = split->Steps();
  ASSERT_EQ(steps.size(), expected.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].output, expected[i].output);
    EXPECT_GT(steps[i].nanoseconds, 0U);
  }
  // Five steps four times, the others once; when all is done, and for the prologue; and when each of these two is left.
  EXPECT_EQ(stream.waits, 5 * 4 + static_cast<int>(steps.size() - 5) + 4);
}

TEST_F(MicrobatchRuns, CanBeStoppedInTheMiddleAndRunAgain) {
  const auto split = Compile(kNetwork + SplitLine(5, 1));
  const std::vector<Floats> expected = Run(*split, images_);
  WatchedStream stream(&pool_);
  stream.stop_at = 12;  // in the third repetition
  RunRequest request = Request(images_);
  request.profile = true;
  try {
    split->Run({pool_, stream, arena_}, request, stream.cancelled);
    FAIL() << "expected an abort";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kAborted);
  }
  EXPECT_EQ(stream.waits, 12 + 1) << "and for what was queued";
  EXPECT_EQ(Run(*split, images_), expected);
}

TEST_F(MicrobatchRuns, DrawsWhatTheWholeBatchDraws) {
  // 27 elements an image: the blocks of random words do not begin with the images. The second one is behind any loop.
  const std::string plan = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4,32,27]
%1 = dropout(%0) {keep_prob=0.5, seed=3} @"first" : float32[4,32,27]
%2 = reduce_sum(%1) {axes=[1], keep_dims=false} @"sum" : float32[4,27]
%3 = reduce_sum(%2) {axes=[0], keep_dims=true} @"across" : float32[1,27]
%4 = add(%2, %3) {} @"shifted" : float32[4,27]
%5 = dropout(%4) {keep_prob=0.5, seed=4} @"second" : float32[4,27]
output "first" %1
output "second" %5
)";
  const Floats x = Waves(4 * 32 * 27, 0, 1, 2);
  const std::vector<Floats> whole = Run(*Compile(plan + "split never\n"), x);
  for (const int images : {1, 2}) {
    const auto split = Compile(plan + SplitLine(2, images));
    EXPECT_NE(split->PlanText().find("microbatch_loop " + std::to_string(4 / images) + ":\n"), std::string::npos);
    EXPECT_EQ(Run(*split, x), whole);
  }
}

TEST_F(MicrobatchRuns, OfViewsAloneLeavesTheInputAsItIs) {
  const auto program = Compile(R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4,16]
%1 = reshape(%0) {shape=[4,4,4]} @"y" : float32[4,4,4]
%2 = reduce_sum(%1) {axes=[0], keep_dims=false} @"z" : float32[4,4]
output "y" %1
output "z" %2
split 1 2
)");
  const Floats x = Waves(64, 0);
  const std::vector<Floats> outputs = Run(*program, x);
  EXPECT_EQ(outputs[0], x);
  EXPECT_FLOAT_EQ(outputs[1][3], x[3] + x[19] + x[35] + x[51]);
}

// What kernels choose may depend on the number of images, so the last bits may differ.
class FastMicrobatchRuns : public MicrobatchRuns {
 protected:
  FastMicrobatchRuns() : MicrobatchRuns(BackendEntries()[0].name) {}

  void ExpectAlike(const std::string& precision, float tolerance) {
    const std::vector<Floats> expected = Run(*Compile(kNetwork + precision + "split never\n"), images_);
    for (int steps = 1; steps <= 18; ++steps) {
      SCOPED_TRACE(precision + SplitLine(steps, 2));
      const std::vector<Floats> actual = Run(*Compile(kNetwork + precision + SplitLine(steps, 2)), images_);
      for (size_t output = 0; output < expected.size(); ++output) {
        float range = 0;
        for (const float value : expected[output]) range = std::max(range, std::fabs(value));
        for (size_t i = 0; i < expected[output].size(); ++i) {
          ASSERT_NEAR(actual[output][i], expected[output][i], tolerance * range) << "output " << output << " at " << i;
        }
      }
    }
  }
};

TEST_F(FastMicrobatchRuns, GivesWhatTheWholeBatchGives) { ExpectAlike("", 1e-5F); }

TEST_F(FastMicrobatchRuns, GivesWhatTheWholeBatchGivesInLowPrecision) {
  if (backend_->Offers(Precision::kBFloat16)) ExpectAlike("precision bfloat16\n", 0.02F);
  if (backend_->Offers(Precision::kInt8)) ExpectAlike(kRanges, 0.02F);
}

}  // namespace
}  // namespace slimnet
