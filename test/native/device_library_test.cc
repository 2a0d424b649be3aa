// Backends behind the C interface of device libraries.
#include "backends/device_library/device_library.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "backend/device_exports.h"
#include "base/error.h"
#include "native/builder.h"
#include "native/devices/discrete.h"

namespace slimnet::testing {
namespace {

std::unique_ptr<Backend> MakeDiscrete(int index, const GpuOptions& = {}) {
  if (index > 0) throw Error(ErrorCode::kMemory, "There is no second one.").At("op", "node");
  return DiscreteEntry().make({});
}

constexpr DeviceSource kDiscrete{.count = [] { return 1; },
                                 .make = MakeDiscrete,
                                 .layout_named = [](const std::string&) -> LayoutPtr { return nullptr; }};

std::unique_ptr<Backend> OpenDiscrete() { return OpenDevice(DeviceLibrary<kDiscrete>(), "library", "device", 0, {}); }

TEST(DeviceLibrary, SaysWhatItsBackendSays) {
  const auto backend = OpenDiscrete();
  const auto direct = MakeDiscrete(0);
  EXPECT_EQ(backend->name(), "library");
  EXPECT_EQ(backend->device().name, "device");
  EXPECT_EQ(backend->device().hardware, direct->device().hardware);
  EXPECT_EQ(backend->device().memory_bytes, direct->device().memory_bytes);
  EXPECT_FALSE(backend->device().shares_host_memory);
  for (int i = 0; i < kOpCount; ++i) {
    EXPECT_EQ(backend->Has(static_cast<OpKind>(i)), direct->Has(static_cast<OpKind>(i)));
  }
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
    EXPECT_EQ(backend->Offers(precision).reason, direct->Offers(precision).reason);
  }
}

TEST(DeviceLibrary, ComputesANode) {
  const auto backend = OpenDiscrete();
  Builder builder;
  builder.Op(ReluAttrs{}, {builder.Input("x", Float({4}))});
  const Program program = builder.TakeUnchecked();
  const NodeContext node{program, program.nodes[1]};
  EXPECT_TRUE(backend->Supports(node).ok);
  EXPECT_EQ(backend->Prefers(node, 0), nullptr);
  EXPECT_EQ(backend->Fuses(node, {PostOp::Kind::kRelu}).reason,
            MakeDiscrete(0)->Fuses(node, {PostOp::Kind::kRelu}).reason);

  const auto kernel = backend->Prepare(node);
  EXPECT_FALSE(kernel->implementation().empty());
  const auto invocation = kernel->NewInvocation();
  const auto stream = backend->NewStream(nullptr);
  const auto x = backend->Allocate(16);
  const auto y = backend->Allocate(16);
  EXPECT_EQ(x->host(), nullptr);
  const std::array<float, 4> sent{-1, 2, -3, 4};
  std::array<float, 4> back{};
  stream->Upload(x->data(), std::as_bytes(std::span(sent)));
  const std::vector<DevicePtr> inputs{x->data()};
  const std::vector<DevicePtr> outputs{y->data()};
  invocation->Enqueue(*stream, {inputs, {}, outputs, {}, {}});
  stream->Download(std::as_writable_bytes(std::span(back)), y->data());
  stream->Wait();
  EXPECT_EQ(back, (std::array<float, 4>{0, 2, 0, 4}));
}

TEST(DeviceLibrary, HandsErrorsOnAsTheyAre) {
  try {
    OpenDevice(DeviceLibrary<kDiscrete>(), "library", "device", 1, {});
    FAIL() << "there is a second device";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMemory);
    EXPECT_STREQ(error.what(), "There is no second one.");
    EXPECT_EQ(error.op(), "op");
    EXPECT_EQ(error.node(), "node");
  }
}

TEST(DeviceLibrary, OfAnotherVersionIsRefusedInASentence) {
  slimnet_device_library other = DeviceLibrary<kDiscrete>();
  EXPECT_EQ(Mismatch(other), "");
  other.slimnet_version = "0.0.1";
  EXPECT_EQ(Mismatch(other), "it belongs to slimnet 0.0.1, and this is slimnet " SLIMNET_VERSION);
  other.version = 7;
  EXPECT_NE(Mismatch(other).find("version 7 of the interface"), std::string::npos);
  EXPECT_THROW(OpenDevice(other, "library", "device", 0, {}), Error);
}

TEST(DeviceLibrary, ThatIsMissingIsNoDeviceAndSaysWhere) {
  const BackendEntry entry = LibraryEntry("cudnn", "cuda", "there_is_no_such_library.so");
  const Verdict verdict = entry.available();
  EXPECT_FALSE(verdict.ok);
  EXPECT_NE(verdict.reason.find("there_is_no_such_library.so"), std::string::npos);
  EXPECT_THROW(entry.make({}), Error);
}

}  // namespace
}  // namespace slimnet::testing
