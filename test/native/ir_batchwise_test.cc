// Which ops work image by image.
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "ir/batchwise.h"
#include "native/builder.h"

namespace slimnet::testing {
namespace {

using Ports = std::optional<std::vector<bool>>;

// The ports of one op on inputs of these types.
Ports PortsOf(Attrs attrs, std::vector<TensorType> types) {
  Builder b;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < types.size(); ++i) inputs.push_back(b.Input("x" + std::to_string(i), types[i]));
  b.Output("y", b.Op(std::move(attrs), inputs));
  const Program program = b.Take();
  return ReadsBatchwise(program, program.nodes.back());
}

const Ports kNever;
const Ports kFirst{{true}};
const Ports kFirstOfTwo{{true, false}};

TEST(ReadsBatchwise, ReadsFiltersAndBiasesWhole) {
  EXPECT_EQ(PortsOf(Conv2dAttrs{{1, 1}, {1, 1}, {0, 0, 0, 0}}, {Float({4, 5, 5, 3}), Float({1, 1, 3, 2})}),
            kFirstOfTwo);
  EXPECT_EQ(PortsOf(MatmulAttrs{}, {Float({4, 4}), Float({4, 4})}), kFirstOfTwo);
  EXPECT_EQ(PortsOf(BiasAddAttrs{}, {Float({4, 4}), Float({4})}), kFirstOfTwo);
  EXPECT_EQ(PortsOf(BatchNormAttrs{0.1}, {Float({2, 2}), Float({2}), Float({2}), Float({2}), Float({2})}),
            (Ports{{true, false, false, false, false}}));
}

TEST(ReadsBatchwise, WantsABatchBesideTheAxisOfTheOp) {
  EXPECT_EQ(PortsOf(BiasAddAttrs{}, {Float({4}), Float({4})}), kNever);
  EXPECT_EQ(PortsOf(SoftmaxAttrs{}, {Float({4})}), kNever);
  EXPECT_EQ(PortsOf(SoftmaxAttrs{}, {Float({4, 4})}), kFirst);
  EXPECT_EQ(PortsOf(TopKAttrs{2}, {Float({4, 4})}), kFirst);
  EXPECT_EQ(PortsOf(ReluAttrs{}, {Float({4})}), kFirst);
  EXPECT_EQ(PortsOf(DropoutAttrs{0.5, 1}, {Float({4, 3})}), kFirst);
  EXPECT_EQ(PortsOf(ReluAttrs{}, {Float({})}), kNever);
}

TEST(ReadsBatchwise, LooksAtAxes) {
  EXPECT_EQ(PortsOf(ReduceMeanAttrs{{1, 2}, true}, {Float({4, 5, 5, 3})}), kFirst);
  EXPECT_EQ(PortsOf(ReduceMeanAttrs{{0, 1}, true}, {Float({4, 5})}), kNever);
  EXPECT_EQ(PortsOf(ReduceSumAttrs{{-2}, true}, {Float({4, 5})}), kNever);
  EXPECT_EQ(PortsOf(ReduceSumAttrs{{}, true}, {Float({4, 5})}), kNever);
  EXPECT_EQ(PortsOf(ArgmaxAttrs{-1}, {Float({4, 4})}), kFirst);
  EXPECT_EQ(PortsOf(ArgmaxAttrs{0}, {Float({4, 4})}), kNever);
  EXPECT_EQ(PortsOf(SqueezeAttrs{{1}}, {Float({4, 1, 3})}), kFirst);
  EXPECT_EQ(PortsOf(PadAttrs{{0, 0, 1, 1}}, {Float({4, 3})}), kFirst);
  EXPECT_EQ(PortsOf(PadAttrs{{0, 1, 0, 0}}, {Float({4, 3})}), kNever);
  EXPECT_EQ(PortsOf(TransposeAttrs{{0, 2, 1}}, {Float({4, 4, 4})}), kFirst);
  EXPECT_EQ(PortsOf(TransposeAttrs{{1, 0, 2}}, {Float({4, 4, 4})}), kNever);
  EXPECT_EQ(PortsOf(ReshapeAttrs{{4, 6}}, {Float({4, 2, 3})}), kFirst);
  EXPECT_EQ(PortsOf(ReshapeAttrs{{8, 3}}, {Float({4, 2, 3})}), kNever);
}

TEST(ReadsBatchwise, TellsWhatIsStretchedOverTheImages) {
  EXPECT_EQ(PortsOf(AddAttrs{}, {Float({4, 3}), Float({4, 3})}), (Ports{{true, true}}));
  EXPECT_EQ(PortsOf(AddAttrs{}, {Float({4, 4}), Float({4})}), kFirstOfTwo);
  EXPECT_EQ(PortsOf(AddAttrs{}, {Float({1, 3}), Float({4, 3})}), (Ports{{false, true}}));
  EXPECT_EQ(PortsOf(SelectAttrs{}, {{DType::kBool, {}}, Float({4, 3}), Float({4, 3})}), (Ports{{false, true, true}}));
}

TEST(ReadsBatchwise, RefusesWhatLooksAcrossTheBatch) {
  EXPECT_EQ(PortsOf(BatchNormTrainingAttrs{0.1, true}, {Float({4, 3}), Float({3}), Float({3})}), kNever);
  EXPECT_EQ(PortsOf(L2LossAttrs{}, {Float({4, 3})}), kNever);
  EXPECT_EQ(PortsOf(SizeAttrs{{4, 3}}, {}), kNever);
}

}  // namespace
}  // namespace slimnet::testing
