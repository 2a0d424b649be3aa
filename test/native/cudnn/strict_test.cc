// float32 is float32: for each convolution of the registry's networks (scripts/golden/make_cudnn_shapes.mjs), on the
// way there and on both ways back, the plan that the usual rules choose does not cut its inputs to TF32, and there is
// one.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "native/cudnn/plan_case.h"

namespace slimnet::cudnn::testing {
namespace {

constexpr int64_t kImages = 32;

// In the order of a line of the file.
struct NetworkShape {
  int64_t channels, height, width, filters, rows, columns;
  Window window;
  std::string line;

  Extents x() const { return {kImages, channels, height, width}; }
  Extents w() const { return {filters, channels, rows, columns}; }
  Extents y() const {
    const auto out = [&](int64_t size, int64_t taps, size_t axis) {
      const int64_t padded = size + window.before[axis] + window.after[axis];
      return (padded - window.dilations[axis] * (taps - 1) - 1) / window.strides[axis] + 1;
    };
    return {kImages, filters, out(height, rows, 0), out(width, columns, 1)};
  }
};

std::vector<NetworkShape> NetworkShapes() {
  std::ifstream file(SLIMNET_TEST_DATA "/native/cudnn/golden/shapes.txt");
  std::vector<NetworkShape> shapes;
  for (std::string line; std::getline(file, line);) {
    NetworkShape s{};
    Window& w = s.window;
    std::istringstream(line) >> s.channels >> s.height >> s.width >> s.filters >> s.rows >> s.columns >> w.strides[0] >>
        w.strides[1] >> w.dilations[0] >> w.dilations[1] >> w.before[0] >> w.before[1] >> w.after[0] >> w.after[1];
    s.line = line;
    shapes.push_back(s);
  }
  return shapes;
}

Graph WayThere(const NetworkShape& s) {
  Graph graph;
  const Tensor y =
      graph.Convolution(graph.Stored(DType::kFloat32, s.x()), graph.Stored(DType::kFloat32, s.w()), s.window);
  const Tensor bias = graph.Stored(DType::kFloat32, {1, s.filters, 1, 1});
  graph.Store(graph.Relu(graph.Add(y, bias)), DType::kFloat32);
  return graph;
}

Graph WayBackToData(const NetworkShape& s) {
  Graph graph;
  const Tensor dy = graph.Stored(DType::kFloat32, s.y()), w = graph.Stored(DType::kFloat32, s.w());
  graph.Store(graph.ConvolutionBackwardData(dy, w, s.window, s.x()), DType::kFloat32);
  return graph;
}

Graph WayBackToFilter(const NetworkShape& s) {
  Graph graph;
  const Tensor x = graph.Stored(DType::kFloat32, s.x()), dy = graph.Stored(DType::kFloat32, s.y());
  graph.Store(graph.ConvolutionBackwardFilter(x, dy, s.window, s.w()), DType::kFloat32);
  return graph;
}

void ExpectStrict(const Plans& plans, const Graph& graph, const std::string& what) {
  try {
    const NumericalNotes notes = plans.Build(graph, {})->notes();
    EXPECT_FALSE(notes.tensor_core || notes.down_converts || notes.reduced_reduction || notes.nondeterministic) << what;
  } catch (const Error& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
}

// For gradients of filters the package for tests has no such engine (cudnn_software_test.cc).
TEST(CudnnFloat32, IsStrictForShapesOfTheNetworks) {
  SLIMNET_NEEDS_CUDNN();
  const std::vector<NetworkShape> shapes = NetworkShapes();
  ASSERT_GT(shapes.size(), 100U);
  constexpr size_t kEach = 13;  // some of them: all take a minute
  for (size_t i = 0; i < shapes.size(); i += kEach) {
    ExpectStrict(PinnedPlans(), WayThere(shapes[i]), "the way there of " + shapes[i].line);
    ExpectStrict(PinnedPlans(), WayBackToData(shapes[i]), "the way back to data of " + shapes[i].line);
  }
}

TEST(CudnnFloat32, IsStrictForAllShapesOfTheNetworksInTheWholeCudnn) {
  if (std::getenv("SLIMNET_CUDNN_ENGINES") == nullptr) {
    GTEST_SKIP() << "not run without SLIMNET_CUDNN_ENGINES: the whole cuDNN takes 0.8 GB";
  }
  slimnet::testing::OpenStandIns();
  const Plans plans(Library::Open(DefaultPlaces()), {nullptr, slimnet::testing::H200()});
  for (const NetworkShape& shape : NetworkShapes()) {
    ExpectStrict(plans, WayThere(shape), "the way there of " + shape.line);
    ExpectStrict(plans, WayBackToData(shape), "the way back to data of " + shape.line);
    ExpectStrict(plans, WayBackToFilter(shape), "the way back to the filter of " + shape.line);
  }
}

}  // namespace
}  // namespace slimnet::cudnn::testing
