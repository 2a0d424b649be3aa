// Shape rules. The same cases on the other side of the seam: test/unit/ops.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "ir/program.h"

namespace slimnet {
namespace {

constexpr int64_t kHuge = (int64_t{1} << 53) - 1;

TensorType F(Shape shape) { return {DType::kFloat32, std::move(shape)}; }

// The output types, or what the error says.
std::string Inferred(Attrs attrs, const std::vector<TensorType>& inputs) {
  Node node;
  node.op = static_cast<OpKind>(attrs.index());
  node.attrs = std::move(attrs);
  node.name = "node";
  try {
    std::string text;
    for (const TensorType& type : InferTypes(node, inputs)) text += (text.empty() ? "" : " ") + ToString(type);
    return text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kShape);
    EXPECT_EQ(error.op(), Info(node.op).name);
    EXPECT_EQ(error.node(), "node");
    return error.what();
  }
}

void ExpectError(Attrs attrs, const std::vector<TensorType>& inputs, const std::string& part) {
  const std::string message = Inferred(std::move(attrs), inputs);
  EXPECT_NE(message.find(part), std::string::npos) << "received: " << message << "\nexpected: " << part;
}

Conv2dAttrs Conv(int64_t stride, int64_t dilation, int64_t pad) {
  return {{stride, stride}, {dilation, dilation}, {pad, pad, pad, pad}};
}

TEST(InferConv2d, CountsWindows) {
  EXPECT_EQ(Inferred(Conv(2, 1, 3), {F({1, 224, 224, 3}), F({7, 7, 3, 64})}), "float32[1,112,112,64]");
  EXPECT_EQ(Inferred(Conv(1, 2, 2), {F({2, 7, 9, 3}), F({3, 3, 3, 5})}), "float32[2,7,9,5]");
  EXPECT_EQ(Inferred(Conv(5, 1, 0), {F({1, 3, 3, 1}), F({3, 3, 1, 1})}), "float32[1,1,1,1]");
  EXPECT_EQ(Inferred(Conv2dAttrs{{2, 1}, {1, 1}, {0, 1, 2, 0}}, {F({1, 4, 4, 1}), F({3, 3, 1, 2})}),
            "float32[1,2,4,2]");
  EXPECT_EQ(Inferred(Conv(1, 1, 0), {F({0, 4, 4, 1}), F({1, 1, 1, 2})}), "float32[0,4,4,2]");
}

TEST(InferConv2d, SaysWhatDoesNotFit) {
  ExpectError(Conv(1, 1, 0), {F({1, 4, 4}), F({1, 1, 1, 1})},
              "conv2d (node): x: expected rank 4, received [1,4,4]. Inputs: float32[1,4,4], ");
  ExpectError(Conv(1, 1, 0), {F({1, 4, 4, 3}), F({1, 1, 2, 1})}, "x has 3 channels, the filter takes 2.");
  ExpectError(Conv(1, 1, 0), {F({1, 2, 4, 3}), F({3, 3, 3, 1})},
              "a window that spans 3 does not fit into height 2 with pads 0 and 0");
  ExpectError(Conv(1, kHuge, 0), {F({1, 4, 4, 3}), F({3, 3, 3, 1})}, "does not fit into height");
  ExpectError(Conv(0, 1, 0), {F({1, 4, 4, 3}), F({3, 3, 3, 1})}, "must be positive");
  ExpectError(Conv(1, 1, -1), {F({1, 4, 4, 3}), F({3, 3, 3, 1})}, "Pads [-1,-1,-1,-1] must not be negative");
  ExpectError(Conv(1, 1, kHuge), {F({1, 4, 4, 3}), F({3, 3, 3, 1})}, "Expected dimensions between 0 and 2147483647");
  ExpectError(Conv(1, 1, 0), {F({1, 4, 4, 3}), {DType::kFloat64, {3, 3, 3, 1}}},
              "Expected one dtype for x and filter, received float32 and float64");
  ExpectError(Conv(1, 1, 0), {{DType::kInt32, {1, 4, 4, 3}}, F({3, 3, 3, 1})}, "x: expected a floating-point dtype");
  ExpectError(Conv(1, 1, 0), {F({1, 4, 4, 3})}, "expected 2 inputs, received 1");
  ExpectError(Conv(1, 1, 1), {F({2147483647, 400, 400, 3}), F({3, 3, 3, 9})}, "has more than 1099511627776 elements");
}

TEST(InferPooling, CountsWindowsAndRefusesWidePads) {
  const MaxPool2dAttrs max{{3, 3}, {2, 2}, {0, 1, 0, 1}};
  EXPECT_EQ(Inferred(max, {F({1, 112, 112, 64})}), "float32[1,56,56,64]");
  EXPECT_EQ(Inferred(AvgPool2dAttrs{{2, 3}, {1, 1}, {0, 0, 0, 0}}, {F({1, 2, 3, 1})}), "float32[1,1,1,1]");
  EXPECT_EQ(Inferred(MaxPool2dAttrs{{1, 1}, {2, 2}, {0, 0, 0, 0}}, {F({1, 5, 5, 1})}), "float32[1,3,3,1]");
  ExpectError(MaxPool2dAttrs{{2, 2}, {1, 1}, {2, 0, 0, 0}}, {F({1, 5, 5, 1})}, "must be smaller than the window [2,2]");
  ExpectError(AvgPool2dAttrs{{kHuge, 1}, {1, 1}, {0, 0, 0, 0}}, {F({1, 5, 5, 1})}, "does not fit into height 5");
}

TEST(InferElementwise, StretchesOnes) {
  EXPECT_EQ(Inferred(AddAttrs{}, {F({2, 1, 3}), F({4, 1})}), "float32[2,4,3]");
  EXPECT_EQ(Inferred(MulAttrs{}, {F({2, 3}), F({})}), "float32[2,3]");
  EXPECT_EQ(Inferred(SubAttrs{}, {F({1}), F({0})}), "float32[0]");
  EXPECT_EQ(Inferred(AddAttrs{}, {{DType::kInt64, {2}}, {DType::kInt64, {2}}}), "int64[2]");
  ExpectError(AddAttrs{}, {F({2}), F({3})}, "add (node): add: shapes [2] and [3] cannot be combined.");
  ExpectError(MulAttrs{}, {F({0}), F({3})}, "cannot be combined");
  EXPECT_EQ(Inferred(CastAttrs{DType::kBool}, {F({2})}), "bool[2]");
  EXPECT_EQ(Inferred(BiasAddAttrs{}, {F({2, 3}), F({3})}), "float32[2,3]");
  ExpectError(BiasAddAttrs{}, {F({2, 3}), F({2})}, "bias: expected [3], received [2].");
  ExpectError(BiasAddAttrs{}, {F({}), F({1})}, "the last dimension of [] must be known");
  ExpectError(ReluAttrs{}, {{DType::kInt8, {2}}}, "expected a floating-point dtype, received int8");
  ExpectError(SoftmaxAttrs{}, {F({})}, "the last dimension");
  EXPECT_EQ(Inferred(DropoutAttrs{1, 0}, {F({2})}), "float32[2]");
  ExpectError(DropoutAttrs{0, 0}, {F({2})}, "keep_prob: expected more than 0 and at most 1");
  ExpectError(DropoutAttrs{0.5, -1}, {F({2})}, "seed: expected 0 to 2^32 - 1");
}

TEST(InferNormalization, TakesVectorsOfTheLastDimension) {
  const TensorType c = F({4});
  EXPECT_EQ(Inferred(BatchNormAttrs{}, {F({2, 3, 3, 4}), c, c, c, c}), "float32[2,3,3,4]");
  ExpectError(BatchNormAttrs{}, {F({2, 4}), c, c, F({3}), c}, "mean: expected [4], received [3].");
  EXPECT_EQ(Inferred(BatchNormTrainingAttrs{}, {F({2, 4}), c, c}), "float32[2,4] float32[4] float32[4]");
  EXPECT_EQ(Inferred(AssignMovingAverageAttrs{}, {c, c}), "float32[4]");
  ExpectError(AssignMovingAverageAttrs{}, {c, F({3})}, "The variable is [4], the value [3].");
  EXPECT_EQ(Inferred(AssignDebiasedMovingAverageAttrs{}, {c, c, F({}), c}), "float32[4] float32[4] float32[]");
  ExpectError(AssignDebiasedMovingAverageAttrs{}, {c, c, F({1}), c}, "Expected three of one shape and a scalar step");
}

TEST(InferShape, ReshapesSqueezesAndPads) {
  EXPECT_EQ(Inferred(ReshapeAttrs{{-1, 4}}, {F({2, 2, 4})}), "float32[4,4]");
  EXPECT_EQ(Inferred(ReshapeAttrs{{0, -1}}, {F({3, 2, 4})}), "float32[3,8]");
  EXPECT_EQ(Inferred(ReshapeAttrs{{}}, {F({1, 1})}), "float32[]");
  EXPECT_EQ(Inferred(ReshapeAttrs{{0, -1}}, {F({0, 2, 4})}), "float32[0,8]");
  ExpectError(ReshapeAttrs{{3}}, {F({4})}, "[4] cannot take the shape [3].");
  ExpectError(ReshapeAttrs{{-1, 3}}, {F({4})}, "[4] cannot take the shape [-1,3].");
  ExpectError(ReshapeAttrs{{-1, -1}}, {F({4})}, "at most one -1");
  ExpectError(ReshapeAttrs{{1, 0}}, {F({4})}, "keeps a dimension that [4] does not have");
  ExpectError(ReshapeAttrs{{kHuge, kHuge, kHuge}}, {F({4})}, "cannot take the shape");
  EXPECT_EQ(Inferred(SqueezeAttrs{{1, -1}}, {F({2, 1, 3, 1})}), "float32[2,3]");
  ExpectError(SqueezeAttrs{{0}}, {F({2, 1})}, "Cannot squeeze axis 0 of [2,1]: its size is not 1.");
  ExpectError(SqueezeAttrs{{2}}, {F({2, 1})}, "axes: axis 2 is out of range for rank 2.");
  EXPECT_EQ(Inferred(PadAttrs{{1, 2, 0, 3}}, {F({2, 4})}), "float32[5,7]");
  ExpectError(PadAttrs{{1, 2}}, {F({2, 4})}, "Expected 4 pads that are not negative, received [1,2].");
  ExpectError(PadAttrs{{kHuge, kHuge}}, {F({2})}, "Expected dimensions between 0 and 2147483647");
}

TEST(InferShape, OrdersAxesAndMarksIndices) {
  EXPECT_EQ(Inferred(TransposeAttrs{{0, 3, 1, 2}}, {F({2, 5, 7, 3})}), "float32[2,3,5,7]");
  ExpectError(TransposeAttrs{{0, 0}}, {F({2, 5})}, "perm: expected each axis below 2 once, received [0,0].");
  ExpectError(TransposeAttrs{{0, kHuge}}, {F({2, 5})}, "perm: expected each axis below 2 once");
  EXPECT_EQ(Inferred(OneHotAttrs{4, 1, 0}, {{DType::kInt64, {2, 3}}}), "float32[2,3,4]");
  ExpectError(OneHotAttrs{4, 1, 0}, {F({2})}, "indices: expected an integer dtype, received float32.");
  ExpectError(OneHotAttrs{-1, 1, 0}, {{DType::kInt32, {2}}}, "depth: expected 0 to 2147483647, received -1.");
}

TEST(InferElementwise, SelectsAmongThree) {
  const TensorType condition{DType::kBool, {2, 1}};
  EXPECT_EQ(Inferred(SelectAttrs{}, {condition, F({3}), F({})}), "float32[2,3]");
  ExpectError(SelectAttrs{}, {F({2}), F({2}), F({2})}, "condition: expected bool, received float32.");
  ExpectError(SelectAttrs{}, {condition, F({3}), {DType::kInt8, {3}}}, "Expected one dtype");
  ExpectError(SelectAttrs{}, {condition, F({3, 3}), F({3})}, "select: shapes [2,1] and [3,3] cannot be combined.");
}

TEST(InferElementwise, ComparesAndDivides) {
  EXPECT_EQ(Inferred(DivAttrs{}, {F({2, 1}), F({3})}), "float32[2,3]");
  ExpectError(DivNoNanAttrs{}, {F({2}), F({3})}, "div_no_nan: shapes [2] and [3] cannot be combined.");
  EXPECT_EQ(Inferred(EqualAttrs{}, {{DType::kInt64, {2, 1}}, {DType::kInt64, {3}}}), "bool[2,3]");
  ExpectError(NotEqualAttrs{}, {{DType::kInt64, {2}}, {DType::kInt32, {2}}}, "Expected one dtype");
  EXPECT_EQ(Inferred(LogSoftmaxAttrs{}, {F({2, 3})}), "float32[2,3]");
  ExpectError(LogSoftmaxAttrs{}, {F({})}, "the last dimension of [] must be known");
}

TEST(InferClasses, TakesOneIndexForEachRow) {
  const TensorType index{DType::kUInt8, {2}};
  EXPECT_EQ(Inferred(PickAttrs{}, {F({2, 5}), index}), "float32[2]");
  ExpectError(PickAttrs{}, {F({3, 5}), index}, "index: expected one index for each row of [3,5], received [2].");
  ExpectError(PickAttrs{}, {F({}), {DType::kInt32, {}}}, "expected one index for each row of []");
  ExpectError(PickAttrs{}, {F({2, 5}), F({2})}, "index: expected an integer dtype, received float32.");
  EXPECT_EQ(Inferred(InTopKAttrs{3}, {F({2, 5}), index}), "bool[2]");
  ExpectError(InTopKAttrs{-1}, {F({2, 5}), index}, "k: expected a number that is not negative, received -1.");
  EXPECT_EQ(Inferred(ConfusionMatrixAttrs{3}, {index, index, F({2})}), "float32[3,3]");
  ExpectError(ConfusionMatrixAttrs{3}, {index, index, F({3})}, "Expected one shape, received [2], [2], [3].");
  ExpectError(ConfusionMatrixAttrs{32769}, {index, index, F({2})}, "num_classes: expected 1 to 32768, received 32769.");
  EXPECT_EQ(Inferred(SizeAttrs{{2, 5}}, {}), "int64[]");
  ExpectError(AssignAddAttrs{}, {F({2}), F({3})}, "The variable is [2], the value [3].");
}

TEST(InferShapes, StatedShapesAreCheckedLikeThoseOfInputs) {
  const auto data = [](Shape x) { return Conv2dBackwardDataAttrs{{1, 1}, {1, 1}, {1, 1, 1, 1}, std::move(x)}; };
  EXPECT_EQ(Inferred(data({1, 5, 5, 2}), {F({3, 3, 2, 4}), F({1, 5, 5, 4})}), "float32[1,5,5,2]");
  ExpectError(data({5, 5, 2}), {F({3, 3, 2, 4}), F({1, 5, 5, 4})}, "x: expected rank 4, received [5,5,2].");
  ExpectError(data({1, 5, -5, 2}), {F({3, 3, 2, 4}), F({1, 5, 5, 4})}, "received [1,5,-5,2]");
  ExpectError(data({1, 5, 6, 2}), {F({3, 3, 2, 4}), F({1, 5, 5, 4})},
              "dy: expected float32[1,5,6,4], received float32[1,5,5,4].");
  EXPECT_EQ(Inferred(SumToAttrs{{3, 1}}, {F({2, 3, 4})}), "float32[3,1]");
  ExpectError(SumToAttrs{{2}}, {F({2, 3})}, "cannot be combined");
  EXPECT_EQ(Inferred(BroadcastToAttrs{{2, 3, 4}}, {F({3, 1})}), "float32[2,3,4]");
  ExpectError(BroadcastToAttrs{{3, 1}}, {F({3, 4})}, "[3,4] cannot be stretched to [3,1].");
}

TEST(InferReduction, DropsOrKeepsAxes) {
  EXPECT_EQ(Inferred(ReduceMeanAttrs{{1, 2}, true}, {F({2, 7, 7, 4})}), "float32[2,1,1,4]");
  EXPECT_EQ(Inferred(ReduceSumAttrs{{-1}, false}, {F({2, 7})}), "float32[2]");
  EXPECT_EQ(Inferred(ReduceMeanAttrs{{}, false}, {F({2, 7})}), "float32[]");
  ExpectError(ReduceSumAttrs{{0, -2}, false}, {F({2, 7})}, "Axes [0,-2] name one axis twice.");
  EXPECT_EQ(Inferred(L2LossAttrs{}, {F({2, 7})}), "float32[]");
  EXPECT_EQ(Inferred(ArgmaxAttrs{0}, {F({2, 7})}), "int32[7]");
  ExpectError(ArgmaxAttrs{1}, {F({2, 0})}, "There is no largest of no values.");
  ExpectError(ArgmaxAttrs{0}, {F({})}, "axis: axis 0 is out of range for rank 0.");
  EXPECT_EQ(Inferred(TopKAttrs{5}, {F({2, 7})}), "float32[2,5] int32[2,5]");
  ExpectError(TopKAttrs{8}, {F({2, 7})}, "k: expected 1 to 7, received 8.");
  EXPECT_EQ(Inferred(MatmulAttrs{}, {F({2, 3, 4}), F({4, 5})}), "float32[2,3,5]");
  ExpectError(MatmulAttrs{}, {F({2, 3}), F({4, 5})}, "Cannot multiply [2,3] by [4,5].");
  ExpectError(MatmulAttrs{}, {F({}), F({4, 5})}, "Cannot multiply [] by [4,5].");
}

TEST(InferTypes, HasNoTypeForSources) {
  ExpectError(ConstantAttrs{}, {}, "A constant states its type; it has none to infer. Inputs: none.");
  ExpectError(InputAttrs{}, {}, "An input states its type");
  ExpectError(VariableAttrs{}, {}, "A variable states its type");
}

}  // namespace
}  // namespace slimnet
