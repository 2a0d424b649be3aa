// Runs, updates, restores and packed constants are the same on a device that shares the host's memory and on one with
// memory of its own.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/cpu_stream.h"
#include "base/content_hash.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "passes/pipeline.h"
#include "runtime/compiled_program.h"
#include "runtime/fill.h"
#include "runtime/packed_cache.h"
#include "runtime/store.h"
#include "runtime/thread_pool.h"

namespace slimnet {
namespace {

// The classes of the labels come from the input: what is outside is found only while the run computes.
const std::string kStep = R"(slimnet.plan 1
%0 = input() {name="scores"} @"scores" : float32[2,4]
%1 = input() {name="labels"} @"labels" : int32[2]
%2 = variable() {name="w"} @"w" : float32[2]
%3 = pick(%0, %1) {} @"picked" : float32[2]
%4 = add(%3, %2) {} @"sum" : float32[2]
%5 = assign_add(%2, %4) {} @"assign" : float32[2]
output "sum" %4
output "before" %2
update %5
)";

// w + w^2 is computed once for each state of w.
const std::string kFolded = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2]
%1 = variable() {name="w"} @"w" : float32[2]
%2 = constant() {values=[10,20]} @"c" : float32[2]
%3 = mul(%1, %1) {} @"square" : float32[2]
%4 = add(%1, %3) {} @"sum" : float32[2]
%5 = mul(%0, %4) {} @"product" : float32[2]
%6 = add(%5, %2) {} @"y" : float32[2]
output "y" %6
)";

using Values = std::vector<float>;

class Devices : public ::testing::TestWithParam<const char*> {
 protected:
  Devices()
      : backend_(MakeBackend(GetParam(), {.threads = 2})),
        pool_(2),
        stream_(backend_->NewStream(&pool_)),
        arena_(*backend_),
        store_(MakeStore(nullptr)) {}

  std::shared_ptr<Store> MakeStore(std::shared_ptr<PackedCache> cache) {
    auto store = std::make_shared<Store>(backend_, std::move(cache));
    store->Declare("w", {DType::kFloat32, {2}});
    return store;
  }
  ExecutorResources Resources() { return {pool_, *stream_, arena_}; }
  std::shared_ptr<CompiledProgram> Compile(const std::string& plan) {
    return CompiledProgram::Compile(plan, store_, backend_, Resources(), never_);
  }
  std::vector<Values> Run(CompiledProgram& program, std::vector<const void*> inputs, bool profile = false) {
    RunRequest request;
    for (const void* const input : inputs) request.inputs.push_back(static_cast<const std::byte*>(input));
    request.profile = profile;
    program.Run(Resources(), request, never_);
    std::vector<Values> outputs;
    for (const HostBlock& block : request.outputs) {
      outputs.emplace_back(block.bytes() / sizeof(float));
      std::memcpy(outputs.back().data(), block.data(), block.bytes());
    }
    return outputs;
  }
  void WriteW(const Values& values) { store_->Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0); }
  Values ReadW() {
    Values values(2);
    store_->Read("w", std::as_writable_bytes(std::span(values)));
    return values;
  }

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  std::shared_ptr<Store> store_;
  const std::atomic<bool> never_{false};
  const Values scores_{1, 2, 3, 4, 5, 6, 7, 8};
};

TEST_P(Devices, RunAndUpdate) {
  WriteW({10, 20});
  const auto program = Compile(kStep);
  const std::vector<int32_t> labels{3, 0};
  EXPECT_EQ(Run(*program, {scores_.data(), labels.data()}), (std::vector<Values>{{14, 25}, {10, 20}}));
  EXPECT_EQ(ReadW(), (Values{24, 45}));
  EXPECT_EQ(Run(*program, {scores_.data(), labels.data()}, true), (std::vector<Values>{{28, 50}, {24, 45}}));
  for (const StepReport& step : program->Steps()) EXPECT_GT(step.nanoseconds, 0U) << step.node;
}

TEST_P(Devices, KeepVariablesWhereAStepFails) {
  WriteW({10, 20});
  const auto program = Compile(kStep);
  const std::vector<int32_t> bad{3, 4};
  const std::vector<int32_t> good{3, 0};
  for (int i = 0; i < 3; ++i) {
    try {
      Run(*program, {scores_.data(), bad.data()});
      ADD_FAILURE() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kExecution);
      EXPECT_EQ(error.node(), "picked");
    }
    EXPECT_EQ(ReadW(), (Values{10, 20}));
  }
  Run(*program, {scores_.data(), good.data()});
  EXPECT_EQ(ReadW(), (Values{24, 45}));
}

TEST_P(Devices, StageInputsOnlyWhereTheyCannotBeReadInPlace) {
  const auto program = Compile(kFolded);
  const auto on_null = MakeBackend("null", {});
  Program planned = Parse(kFolded);
  RunPipeline(planned, *on_null);
  const size_t staging = backend_->device().shares_host_memory ? 0 : kInputAlignment;
  EXPECT_EQ(program->arena_bytes(), planned.arena_bytes + staging);
}

TEST_P(Devices, FollowTheVariablesWithWhatIsMadeOfThem) {
  const Values x{2, 3};
  const auto program = Compile(kFolded);
  EXPECT_EQ(Run(*program, {x.data()})[0], (Values{10, 20}));
  WriteW({1, 2});
  EXPECT_EQ(Run(*program, {x.data()})[0], (Values{14, 38}));
  const Values one{5};
  store_->Write("w", DType::kFloat32, std::as_bytes(std::span(one)), 1);
  EXPECT_EQ(ReadW(), (Values{1, 5}));
  EXPECT_EQ(Run(*program, {x.data()})[0], (Values{14, 110}));
}

TEST_P(Devices, KeepWhatARunSeesFromAWrite) {
  WriteW({1, 2});
  Store::View view;
  view.slots = {store_->Slot("w", {DType::kFloat32, {2}})};
  const Store::Reading reading(*store_, view);
  const Values one{5};
  store_->Write("w", DType::kFloat32, std::as_bytes(std::span(one)), 1);
  EXPECT_EQ(ReadW(), (Values{1, 5}));
  Values seen(2);
  store_->transfers().Download(std::as_writable_bytes(std::span(seen)), *view.memory[0]);
  EXPECT_EQ(seen, (Values{1, 2}));
}

TEST_P(Devices, NoteTheRangesOfValues) {
  WriteW({1, 2});
  const auto program = Compile("slimnet.plan 1\nprecision float32\nobserve\n" + kFolded.substr(kFolded.find('%')));
  const Values x{-2, 3};
  Run(*program, {x.data()});
  const std::vector<Observation> seen = program->Observations();
  const auto range = [&](const std::string& name) {
    for (const Observation& each : seen) {
      if (each.name == name) return std::pair(each.smallest, each.largest);
    }
    return std::pair(0.0, 0.0);
  };
  EXPECT_EQ(range("x"), std::pair(-2.0, 3.0));
  EXPECT_EQ(range("product"), std::pair(-4.0, 18.0));
  EXPECT_EQ(range("y"), std::pair(6.0, 38.0));
}

TEST_P(Devices, FillVariablesFromFiles) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  ASSERT_TRUE(file);
  const Values values{0, 3, 4};
  ASSERT_EQ(std::fwrite(values.data(), sizeof(float), values.size(), file.get()), values.size());
  ASSERT_EQ(std::fflush(file.get()), 0);
  const uint32_t checksum = Crc32c(std::as_bytes(std::span(values).subspan(1)), 0);
  const int descriptor = fileno(file.get());
  WriteW({1, 2});
  const std::vector<Fill> wrong{{"w", descriptor, 4, checksum + 1}};
  const FillResult refused = FillVariables(*store_, wrong, pool_, never_);
  ASSERT_TRUE(refused.problem);
  EXPECT_EQ(refused.problem->computed, checksum);
  EXPECT_EQ(ReadW(), (Values{1, 2}));
  const std::vector<Fill> right{{"w", descriptor, 4, checksum}};
  EXPECT_EQ(FillVariables(*store_, right, pool_, never_).filled, 1U);
  EXPECT_EQ(ReadW(), (Values{3, 4}));
}

TEST_P(Devices, FindOnDiskWhatWasPackedBefore) {
  const auto folder = std::filesystem::temp_directory_path() / ("slimnet-devices-" + std::to_string(getpid()));
  const Values x{2, 3};
  const std::vector<std::string> names{"w"};
  for (const bool found : {false, true}) {
    const auto cache = std::make_shared<PackedCache>(folder.string(), 1 << 20, "test");
    store_ = MakeStore(cache);
    WriteW({1, 2});
    store_->HashContents(names, pool_);
    Store::View view;
    view.slots = {store_->Slot("w", {DType::kFloat32, {2}})};
    const Values w{1, 2};
    EXPECT_EQ((Store::Reading(*store_, view), view.contents[0]), HashOf(std::as_bytes(std::span(w))));
    EXPECT_EQ(Run(*Compile(kFolded), {x.data()})[0], (Values{14, 38}));
    cache->Finish();
    EXPECT_EQ(cache->Stats().problem, "");
    EXPECT_EQ(cache->Stats().found, found ? 1U : 0U);
    EXPECT_EQ(cache->Stats().saved, found ? 0U : 1U);
  }
  std::filesystem::remove_all(folder);
}

// Aborts the run while it waits for the device.
class AbortingStream final : public cpu::CpuStream {
 public:
  using CpuStream::CpuStream;
  void Wait() override { cancelled = true; }
  std::atomic<bool> cancelled{false};
};

class OnReference : public Devices {};

TEST_P(OnReference, AnAbortWhileTheDeviceIsAtWorkLeavesVariablesAlone) {
  WriteW({10, 20});
  const auto program = Compile(kStep);
  const std::vector<int32_t> labels{3, 0};
  Run(*program, {scores_.data(), labels.data()});  // nothing is left to be made ready
  AbortingStream stream(&pool_);
  RunRequest request;
  request.inputs = {reinterpret_cast<const std::byte*>(scores_.data()),
                    reinterpret_cast<const std::byte*>(labels.data())};
  try {
    program->Run({pool_, stream, arena_}, request, stream.cancelled);
    ADD_FAILURE() << "expected an abort";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kAborted);
  }
  EXPECT_EQ(ReadW(), (Values{24, 45}));
}

INSTANTIATE_TEST_SUITE_P(Backends, OnReference, ::testing::Values("reference"));
INSTANTIATE_TEST_SUITE_P(Backends, Devices, ::testing::Values("reference", "discrete"));

}  // namespace
}  // namespace slimnet
