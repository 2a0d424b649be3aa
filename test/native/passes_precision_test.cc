// What backends have no kernels for in low precision: training in bfloat16 where there is the way there alone, int8
// where integers are signed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/encoded.h"
#include "backends/reference/reference.h"
#include "base/error.h"
#include "native/builder.h"
#include "passes/passes.h"

namespace slimnet::testing {
namespace {

// The reference backend, but for what it is told to refuse in low precision: ops, and inputs stored so.
class Refusing final : public Backend {
 public:
  explicit Refusing(std::vector<OpKind> refused, std::optional<DType> input = {})
      : refused_(std::move(refused)), input_(input) {}

  const std::string& name() const override { return inner_->name(); }
  const DeviceInfo& device() const override { return inner_->device(); }
  Verdict Offers(Precision precision) const override { return inner_->Offers(precision); }
  bool Has(OpKind op) const override { return inner_->Has(op); }
  Verdict Supports(const NodeContext& node) const override {
    const bool refuses = std::find(refused_.begin(), refused_.end(), node.node.op) != refused_.end();
    if (refuses && cpu::IsLowPrecision(node)) return Verdict::No("these vectors only go forward.");
    if (Info(node.node.op).product && input_ && node.input(0).encoding && node.input(0).encoding->dtype == *input_) {
      return Verdict::No("this matrix unit reads other integers.");
    }
    return inner_->Supports(node);
  }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return inner_->Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return inner_->Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override { return inner_->Prepare(node); }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return inner_->Allocate(bytes); }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return inner_->NewStream(pool); }

 private:
  std::unique_ptr<Backend> inner_ = ReferenceEntry().make({});
  std::vector<OpKind> refused_;
  std::optional<DType> input_;
};

Program Step() {
  Builder b;
  const TensorType images{DType::kFloat32, {2, 4, 4, 8}};
  const ValueId x = b.Input("x", images);
  const ValueId filter = b.Variable("filter", {DType::kFloat32, {1, 1, 8, 8}});
  const ValueId y = b.Op(Conv2dAttrs{{1, 1}, {1, 1}, {0, 0, 0, 0}}, {x, filter});
  b.Output("dx", b.Op(Conv2dBackwardDataAttrs{{1, 1}, {1, 1}, {0, 0, 0, 0}, images.shape}, {filter, y}));
  b.Output("dfilter", b.Op(Conv2dBackwardFilterAttrs{{1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1, 8, 8}}, {x, y}));
  Program program = b.Take();
  program.precision.precision = Precision::kBFloat16;
  return program;
}

TEST(PrecisionOfTraining, IsRefusedWithTheReasonWhereNothingOfTheWayBackCanBeHad) {
  Program program = Step();
  try {
    AssignPrecision(program, Refusing({OpKind::kConv2dBackwardData, OpKind::kConv2dBackwardFilter}));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
    const std::string message = error.what();
    EXPECT_NE(message.find("Training in bfloat16 cannot be had on backend reference"), std::string::npos) << message;
    EXPECT_NE(message.find("these vectors only go forward."), std::string::npos) << message;
  }
}

TEST(PrecisionOfTraining, LeavesOneShapeInFloat32ThatCannotBeHad) {
  Program program = Step();
  AssignPrecision(program, Refusing({OpKind::kConv2dBackwardData}));
  int low = 0;
  for (const Node& node : program.nodes) {
    if (node.op == OpKind::kConv2dBackwardData) {
      EXPECT_FALSE(program.values[At(node.inputs[1])].encoding);
    }
    if (node.op != OpKind::kConv2dBackwardFilter) continue;
    EXPECT_TRUE(program.values[At(node.inputs[0])].encoding);
    EXPECT_TRUE(program.values[At(node.inputs[1])].encoding);
    EXPECT_FALSE(program.values[At(node.outputs[0])].encoding);
    ++low;
  }
  EXPECT_EQ(low, 1);
}

// How relu(x) is stored between two convolutions of the same image.
Encoding StoredBetween(const Backend& backend) {
  Builder b;
  const ValueId x = b.Input("x", {DType::kFloat32, {1, 4, 4, 16}});
  const ValueId between = b.Op(ReluAttrs{}, {b.Conv(x, 1, 16)});
  b.Output("y", b.Conv(between, 1, 16));
  Program program = b.Take();
  program.precision.precision = Precision::kInt8;
  for (const Node& node : program.nodes) program.precision.ranges[node.name] = {-1, 1};
  program.precision.ranges[program.values[At(between)].maker] = {0, 127};
  AssignPrecision(program, backend);
  return program.values[At(between)].encoding.value_or(Encoding{});
}

TEST(Integers, AreUnsignedOfWhatIsNeverNegative) {
  EXPECT_EQ(StoredBetween(Refusing({})), (Encoding{DType::kUInt8, 127.0 / 255}));
}

TEST(Integers, AreSignedWhereProductsReadNoOthers) {
  EXPECT_EQ(StoredBetween(Refusing({}, DType::kUInt8)), (Encoding{DType::kInt8, 1}));
}

}  // namespace
}  // namespace slimnet::testing
