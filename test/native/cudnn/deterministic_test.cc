// Which engines a session's `deterministic` leaves, by cuDNN's own note of them
// (CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC). The package for tests has none with that note for what is asked here: the
// test gives it to some.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/cudnn/cudnn.h"
#include "base/error.h"
#include "native/builder.h"
#include "native/cudnn/changed_library.h"
#include "native/cudnn/plan_case.h"
#include "native/devices/cudnn_software/interpreter/soft_runner.h"
#include "native/devices/cudnn_software/software_gpu.h"

namespace slimnet::cudnn::testing {
namespace {

namespace at = abi::attribute;

struct Noted {
  const EntryPoints* real = nullptr;
  std::function<bool(int64_t engine)> nondeterministic;
};
Noted* noted = nullptr;

abi::Status WithNotes(abi::Descriptor descriptor, abi::Attribute attribute, abi::AttributeType type, int64_t count,
                      int64_t* found, void* values) {
  const abi::Status status = noted->real->get_attribute(descriptor, attribute, type, count, found, values);
  if (status != abi::kSuccess || attribute != at::kEngineNumericalNote) return status;
  int64_t engine = 0, one = 0;
  EXPECT_EQ(noted->real->get_attribute(descriptor, at::kEngineGlobalIndex, abi::type::kInt64, 1, &one, &engine),
            abi::kSuccess);
  if (noted->nondeterministic(engine) && *found < count) {
    static_cast<int*>(values)[(*found)++] = abi::note::kNondeterministic;
  }
  return status;
}

class CudnnDeterministic : public ::testing::Test {
 protected:
  void SetUp() override {
    SLIMNET_NEEDS_CUDNN();
    real_ = slimnet::testing::OpenPinnedCudnn();
    noted_.real = &real_->entry_points();
    noted = &noted_;
    slimnet::testing::Builder builder;
    const ValueId x = builder.Input("x", slimnet::testing::Float({2, 8, 8, 16})),
                  w = builder.Input("w", slimnet::testing::Float({3, 3, 16, 16}));
    builder.Op(Conv2dAttrs{.strides = {1, 1}, .dilations = {1, 1}, .pads = {1, 1, 1, 1}}, {x, w});
    program_ = builder.TakeUnchecked();
  }
  void TearDown() override { noted = nullptr; }

  // A device whose sessions have these options.
  Device DeviceWith(std::optional<bool> deterministic) const {
    const auto library =
        std::make_shared<ChangedLibrary>(real_, [](EntryPoints& entry) { entry.get_attribute = WithNotes; });
    Device parts;
    parts.gpu =
        slimnet::testing::NewSoftwareGpu(slimnet::testing::H200(), std::make_shared<slimnet::testing::Faults>(), 0);
    parts.plans = std::make_shared<Plans>(library, PlanTarget{nullptr, slimnet::testing::H200()});
    parts.runner = slimnet::testing::NewSoftRunner();
    Obey(parts, {.allow_tf32 = true, .deterministic = deterministic});
    return parts;
  }
  // The engine that computes the convolution, or why there is none.
  std::string Engine(std::optional<bool> deterministic) const {
    const auto backend = MakeBackend("noted", "noted", DeviceWith(deterministic), {});
    try {
      const std::string implementation = backend->Prepare({program_, program_.nodes[2]})->implementation();
      const size_t at = implementation.find("cudnn ");
      return at == std::string::npos ? implementation : implementation.substr(at, implementation.find(':', at) - at);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBackend);
      return error.what();
    }
  }

  Noted noted_;

 private:
  std::shared_ptr<const Library> real_;
  Program program_;
};

TEST_F(CudnnDeterministic, EnginesThatGiveOtherBitsAreLeftOutWhereThereAreOthers) {
  noted_.nondeterministic = [](int64_t) { return false; };
  const std::string first = Engine(false);
  EXPECT_EQ(Engine(true), first);
  noted_.nondeterministic = [&](int64_t engine) { return first == "cudnn " + std::to_string(engine); };
  EXPECT_EQ(Engine(false), first);
  EXPECT_NE(Engine(true), first);
  EXPECT_EQ(Engine(std::nullopt), Engine(true));
  EXPECT_EQ(Engine(true).substr(0, 6), "cudnn ");
}

TEST_F(CudnnDeterministic, WhereThereIsNoOtherItIsTakenUnlessThatIsRefused) {
  noted_.nondeterministic = [](int64_t) { return true; };
  EXPECT_EQ(Engine(std::nullopt), Engine(false));
  EXPECT_EQ(Engine(false).substr(0, 6), "cudnn ");
  const std::string refusal = Engine(true);
  EXPECT_NE(refusal.find("cannot compute convolution: "), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("each of which gives other bits each time"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace slimnet::cudnn::testing
