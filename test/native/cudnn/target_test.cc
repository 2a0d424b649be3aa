// How cuDNN is told of a device that is there. No handle can be made without one: a stand-in takes its place, and what
// is set of it is told to the pinned cuDNN as the text of an H200.
#include "backends/cudnn/graph/target.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/plans.h"
#include "base/error.h"
#include "native/cudnn/changed_library.h"
#include "native/cudnn/plan_case.h"
#include "native/cudnn/temporary_folder.h"

namespace slimnet::cudnn::testing {
namespace {

namespace at = abi::attribute;

// What was set while a test ran.
struct Heard {
  const EntryPoints* real = nullptr;
  abi::Descriptor device = nullptr;
  std::set<abi::Attribute> handles, devices;
  bool tells_properties = true;
};
Heard* heard = nullptr;

abi::Status Hear(abi::Descriptor descriptor, abi::Attribute attribute, abi::AttributeType type, int64_t count,
                 const void* values) {
  const auto set = [&](abi::Attribute name, abi::AttributeType as, int64_t length, const void* from) {
    return heard->real->set_attribute(descriptor, name, as, length, from);
  };
  if (attribute == at::kExecutionPlanDeviceProp || attribute == at::kEngineHeurDeviceProp) {
    heard->devices.insert(attribute);
  }
  if (type == abi::type::kHandle) {
    heard->handles.insert(attribute);
    const std::string& text = slimnet::testing::H200();
    if (attribute == at::kDevicePropHandle) {
      if (!heard->tells_properties) return abi::kNotSupported;
      return set(at::kDevicePropJsonRepresentation, abi::type::kChar, static_cast<int64_t>(text.size()), text.data());
    }
    if (attribute == at::kExecutionPlanHandle) {
      return set(at::kExecutionPlanDeviceProp, abi::type::kDescriptor, 1, &heard->device);
    }
    return abi::kSuccess;
  }
  if (attribute == at::kEngineHeurOperationGraph) {
    set(at::kEngineHeurDeviceProp, abi::type::kDescriptor, 1, &heard->device);
  }
  return set(attribute, type, count, values);
}

class StandInHandle final : public Handle {
 public:
  explicit StandInHandle(std::shared_ptr<const Library> library) : library_(std::move(library)) {}
  const std::shared_ptr<const Library>& library() const override { return library_; }
  void* native() const override { return const_cast<StandInHandle*>(this); }

 private:
  std::shared_ptr<const Library> library_;
};

// For a device that is there.
class CudnnTarget : public ::testing::Test {
 protected:
  void SetUp() override {
    SLIMNET_NEEDS_CUDNN();
    real_ = slimnet::testing::OpenPinnedCudnn();
    device_ = std::make_unique<Descriptor>(real_, abi::descriptor::kDeviceProp, "a device");
    device_->SetText(at::kDevicePropJsonRepresentation, slimnet::testing::H200());
    device_->Finalize();
    heard_.real = &real_->entry_points();
    heard_.device = device_->native();
    heard = &heard_;
  }
  void TearDown() override { heard = nullptr; }

  std::unique_ptr<Plans> NewPlans(std::shared_ptr<PlanFolder> folder = nullptr) {
    const auto library =
        std::make_shared<ChangedLibrary>(real_, [](EntryPoints& entry) { entry.set_attribute = Hear; });
    return std::make_unique<Plans>(library, PlanTarget{std::make_shared<StandInHandle>(library), ""},
                                   std::move(folder));
  }
  static Graph Convolved() {
    Graph graph;
    const Tensor x = graph.Stored(DType::kBFloat16, {2, 16, 8, 8}), w = graph.Stored(DType::kBFloat16, {16, 16, 1, 1});
    graph.Store(graph.Relu(graph.Convolution(x, w, {})), DType::kBFloat16);
    return graph;
  }

  Heard heard_;

 private:
  std::shared_ptr<const Library> real_;
  std::unique_ptr<Descriptor> device_;
};

TEST_F(CudnnTarget, PlansAreMadeForItsHandle) {
  const auto plans = NewPlans();
  EXPECT_NE(plans->Build(Convolved(), {}), nullptr);
  EXPECT_EQ(heard_.handles,
            (std::set<abi::Attribute>{at::kDevicePropHandle, at::kOperationGraphHandle, at::kExecutionPlanHandle}));
  EXPECT_EQ(heard_.devices, std::set<abi::Attribute>{});
  EXPECT_NE(plans->DeviceProperties().find("NVIDIA H200"), std::string::npos) << plans->DeviceProperties();
}

TEST_F(CudnnTarget, PlansFromTheFolderAreLoadedForItsHandle) {
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path(), 1 << 20);
  const std::string engine = NewPlans(folder)->Build(Convolved(), {})->engine();
  heard_.handles.clear();
  EXPECT_EQ(NewPlans(folder)->Build(Convolved(), {})->engine(), engine);
  EXPECT_EQ(heard_.handles, (std::set<abi::Attribute>{at::kDevicePropHandle, at::kExecutionPlanHandle}));
}

TEST_F(CudnnTarget, PlansOfADeviceThatIsNotDescribedAreMadeAndNotKept) {
  heard_.tells_properties = false;
  const TemporaryFolder temporary;
  const auto plans = NewPlans(std::make_shared<PlanFolder>(temporary.path(), 1 << 20));
  EXPECT_NE(plans->Build(Convolved(), {}), nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
  EXPECT_NE(plans->FolderProblem().find("a device"), std::string::npos) << plans->FolderProblem();
}

}  // namespace
}  // namespace slimnet::cudnn::testing
