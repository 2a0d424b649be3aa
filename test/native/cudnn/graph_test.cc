// Operation graphs as data.
#include "backends/cudnn/graph/graph.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

// What an operation graph is refused for.
template <class F>
std::string RefusalOf(F&& build) {
  try {
    build();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    return error.what();
  }
  return "nothing";
}

TEST(CudnnGraph, ImagesLieAsNhwcAndFiltersAsKrsc) {
  Graph graph;
  EXPECT_EQ(graph.info(graph.Stored(DType::kFloat32, {2, 3, 5, 7})).strides, (Extents{105, 1, 21, 3}));
  EXPECT_EQ(graph.info(graph.Stored(DType::kFloat32, {1, 5, 1, 1})).strides, (Extents{5, 1, 5, 5}));
  EXPECT_EQ(graph.info(graph.Stored(DType::kFloat32, {4, 5, 6})).strides, (Extents{30, 6, 1}));
}

TEST(CudnnGraph, AlignmentIsWhatEveryRowHas) {
  Graph graph;
  const auto alignment = [&](DType type, Extents extents) { return graph.info(graph.Stored(type, extents)).alignment; };
  EXPECT_EQ(alignment(DType::kBFloat16, {2, 64, 7, 7}), 16U);
  EXPECT_EQ(alignment(DType::kBFloat16, {2, 6, 7, 7}), 4U);
  EXPECT_EQ(alignment(DType::kBFloat16, {2, 5, 7, 7}), 2U);
  EXPECT_EQ(alignment(DType::kFloat32, {2, 5, 7, 7}), 4U);
  EXPECT_EQ(alignment(DType::kInt8, {2, 5, 7, 7}), 1U);
  // One pixel has no second row.
  EXPECT_EQ(alignment(DType::kBFloat16, {1, 5, 1, 1}), 16U);
}

TEST(CudnnGraph, AStoredTensorHasTheBytesThatItsStridesReach) {
  Graph graph;
  EXPECT_EQ(graph.info(graph.Stored(DType::kBFloat16, {2, 3, 2, 2})).bytes(), 48U);
  // Rows of four channels of which three count.
  EXPECT_EQ(graph.info(graph.Stored(DType::kFloat32, {1, 3, 2, 2}, {16, 1, 8, 4})).bytes(), 4U * 15);
  EXPECT_EQ(graph.info(graph.Stored(DType::kBool, {1, 3, 1, 3})).bytes(), 2U);
}

TEST(CudnnGraph, ConvolutionsKnowTheirResult) {
  Graph graph;
  const Window window{.before = {0, 0}, .after = {1, 1}, .strides = {2, 2}, .dilations = {1, 1}, .size = {}};
  const Tensor y = graph.Convolution(graph.Stored(DType::kBFloat16, {2, 8, 56, 55}),
                                     graph.Stored(DType::kBFloat16, {16, 8, 3, 3}), window);
  EXPECT_EQ(graph.info(y).extents, (Extents{2, 16, 28, 27}));
  EXPECT_EQ(graph.info(y).type, DType::kFloat32);
  EXPECT_EQ(graph.info(y).kind, TensorKind::kVirtual);
  graph.Store(y, DType::kBFloat16);
  EXPECT_EQ(graph.info(y).kind, TensorKind::kStored);
}

TEST(CudnnGraph, ProductsOfInt8AreInt32) {
  Graph graph;
  const Tensor y =
      graph.Convolution(graph.Stored(DType::kInt8, {1, 16, 4, 4}), graph.Stored(DType::kInt8, {16, 16, 1, 1}), {});
  EXPECT_EQ(graph.info(y).type, DType::kInt32);
}

TEST(CudnnGraph, RefusesWhatDoesNotFit) {
  Graph graph;
  const Tensor x = graph.Stored(DType::kFloat32, {2, 8, 5, 5}), w = graph.Stored(DType::kFloat32, {4, 3, 3, 3});
  EXPECT_NE(RefusalOf([&] { graph.Convolution(x, w, {}); }).find("channels do not fit a filter 4x3x3x3"),
            std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Add(x, graph.Stored(DType::kFloat32, {1, 7, 1, 1})); }).find("do not broadcast"),
            std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Add(x, Tensor{77}); }).find("another graph"), std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Store(x, DType::kFloat32); }).find("not virtual"), std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Stored(DType::kFloat32, {2, 0}); }).find("2x0"), std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Apply(Pointwise::kAdd, x); }).find("too few operands"), std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Backward(Pointwise::kRelu, x, x); }).find("that is none"), std::string::npos);
  EXPECT_NE(RefusalOf([&] { graph.Reduction(Reduce::kSum, x, {2, 3, 1, 1}); }).find("broadcast"), std::string::npos);
  // cuDNN 9.19 ends the process when it is asked for this one.
  EXPECT_NE(
      RefusalOf([&] { graph.PoolingBackward(Pool::kMax, x, {}, {.size = {1, 1}}, {2, 8, 5, 5}); }).find("has an index"),
      std::string::npos);
}

TEST(CudnnGraph, TextTellsGraphsApart) {
  const auto text = [](DType type, double upper, int64_t channels, bool stored) {
    Graph graph;
    const Tensor y = graph.Relu(graph.Stored(type, {1, channels, 4, 4}), upper);
    if (stored) graph.Store(y, type);
    return graph.Text();
  };
  const std::string one = text(DType::kFloat32, 6, 8, true);
  EXPECT_EQ(one, text(DType::kFloat32, 6, 8, true));
  EXPECT_NE(one, text(DType::kBFloat16, 6, 8, true));
  EXPECT_NE(one, text(DType::kFloat32, 6.5, 8, true));
  EXPECT_NE(one, text(DType::kFloat32, 6, 16, true));
  EXPECT_NE(one, text(DType::kFloat32, 6, 8, false));
}

}  // namespace
}  // namespace slimnet::cudnn
