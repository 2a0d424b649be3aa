// The interpreter of cuDNN's plans judges the whole backend, so it is held to values that PyTorch computed
// (scripts/golden/make_cudnn_plans.py), operation by operation.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "native/cudnn/plan_case.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::cudnn::testing {
namespace {

using Json = nlohmann::json;

const Json& FixtureOf(const std::string& name) {
  static const Json fixture = [] {
    std::ifstream file(SLIMNET_TEST_DATA "/native/cudnn/golden/plans.json");
    return Json::parse(file);
  }();
  return fixture.at("cases").at(name);
}

// `steps`: by how many steps of float32 a value may differ, as sums go into further roundings; 0: equal.
void ExpectNumbers(const std::string& what, const std::vector<double>& found, const Json& expected, double steps) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (size_t i = 0; i < found.size(); ++i) {
    const double number = static_cast<float>(expected[i].get<double>());
    const double slack = steps * 0x1p-23 * std::max(1.0, std::fabs(number));
    if (!(std::fabs(found[i] - number) <= slack)) {
      FAIL() << what << "[" << i << "] is " << found[i] << ", and PyTorch has " << number;
    }
  }
}

void ExpectFixture(PlanCase& plan_case, const std::string& name, double steps = 0) {
  const auto results = plan_case.Run();
  const Json& expected = FixtureOf(name);
  EXPECT_EQ(results.size(), expected.size());
  for (const auto& [output, numbers] : results) {
    ExpectNumbers(name + "." + output, numbers, expected.at(output), steps);
  }
}

constexpr DType kF32 = DType::kFloat32, kBf16 = DType::kBFloat16, kI8 = DType::kInt8;

Window Padded(int64_t padding, int64_t stride = 1) {
  Window window;
  window.before = window.after = {padding, padding};
  window.strides = {stride, stride};
  return window;
}

Window Pools(int64_t size, int64_t padding, int64_t stride) {
  Window window = Padded(padding, stride);
  window.size = {size, size};
  return window;
}

TEST(CudnnInterpreter, ConvolutionWithUnevenPads) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 9, 7}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  Window window;
  window.before = {0, 1};
  window.after = {1, 2};
  window.strides = {2, 1};
  c.Output("y", c.graph.Convolution(x, w, window), kBf16);
  ExpectFixture(c, "convolution_uneven_pads");
}

TEST(CudnnInterpreter, ConvolutionDilated) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {1, 8, 9, 9}, 1), w = c.Input(kBf16, {8, 8, 3, 3}, 2);
  Window window = Padded(2);
  window.dilations = {2, 2};
  c.Output("y", c.graph.Convolution(x, w, window), kBf16);
  ExpectFixture(c, "convolution_dilated");
}

TEST(CudnnInterpreter, ConvolutionOfOddChannelsInFloat32) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kF32, {2, 5, 6, 6}, 1), w = c.Input(kF32, {7, 5, 3, 3}, 2);
  c.Output("y", c.graph.Convolution(x, w, Padded(1)), kF32);
  ExpectFixture(c, "convolution_odd_channels");
}

// Rows of four elements of which three are channels: the fourth is never read. (Filters have no such rows: cuDNN
// refuses them.)
TEST(CudnnInterpreter, ConvolutionOfPaddedChannels) {
  SLIMNET_NEEDS_CUDNN();
  const auto padded = [](int64_t rows, int64_t seed) {
    std::vector<double> numbers;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t channel = 0; channel < 4; ++channel) {
        numbers.push_back(channel < 3 ? Element(row * 3 + channel, seed) : std::nan(""));
      }
    }
    return numbers;
  };
  PlanCase c;
  const Tensor x = c.InputOf(kBf16, {2, 3, 6, 6}, padded(2 * 36, 1), {144, 1, 24, 4});
  const Tensor w = c.Input(kBf16, {8, 3, 3, 3}, 2);
  c.Output("y", c.graph.Convolution(x, w, Padded(1)), kBf16);
  ExpectFixture(c, "convolution_padded_channels");
}

TEST(CudnnInterpreter, ConvolutionWithResidualBiasAndRelu) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 5, 5}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  const Tensor z = c.Input(kBf16, {2, 16, 5, 5}, 3), bias = c.Input(kBf16, {1, 16, 1, 1}, 4);
  c.Output("y", c.graph.Relu(c.graph.Add(c.graph.Add(c.graph.Convolution(x, w, Padded(1)), z), bias)), kBf16);
  ExpectFixture(c, "convolution_tail");
}

TEST(CudnnInterpreter, VirtualTensorsAreRoundedToTheirOwnType) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 5, 5}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  const Tensor y = c.graph.Convolution(x, w, Padded(1));
  c.graph.Type(y, kBf16);
  c.Output("y", c.graph.Add(y, c.Input(kF32, {1, 16, 1, 1}, 4)), kF32);
  ExpectFixture(c, "convolution_rounds_virtual_tensors");
}

TEST(CudnnInterpreter, ConvolutionOfInt8WithItsWholeTail) {
  SLIMNET_NEEDS_CUDNN();
  for (const bool is_signed : {false, true}) {
    PlanCase c;
    const Tensor x = c.Input(kI8, {1, 16, 4, 4}, 1, 1), w = c.Input(kI8, {16, 16, 3, 3}, 2, 1);
    const Tensor z = c.Input(kI8, {1, 16, 4, 4}, 3, 7);
    const Tensor scale = c.Input(kF32, {1, 16, 1, 1}, 4, 0.0078125), bias = c.Input(kF32, {1, 16, 1, 1}, 5, 0.5);
    Graph& graph = c.graph;
    const Tensor y = graph.Add(graph.Mul(graph.Convolution(x, w, Padded(1)), scale), bias);
    const Tensor sum = graph.Add(y, graph.Mul(z, c.ByValue(0.25)));
    c.Output(is_signed ? "signed" : "y", is_signed ? sum : graph.Relu(sum), kI8);
    const auto results = c.Run();
    for (const auto& [output, numbers] : results) {
      ExpectNumbers(output, numbers, FixtureOf("convolution_int8").at(output), 0);
    }
  }
}

TEST(CudnnInterpreter, ConvolutionOfInt8WithTwoResults) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  Graph& graph = c.graph;
  const Tensor x = c.Input(kI8, {1, 16, 4, 4}, 1, 1), w = c.Input(kI8, {16, 16, 3, 3}, 2, 7);
  const Tensor z = c.Input(kI8, {1, 16, 4, 4}, 3, 7);
  const auto channels = [&](int64_t seed, double scale) { return c.Input(kF32, {1, 16, 1, 1}, seed, scale); };
  Tensor y = graph.Mul(graph.Mul(graph.Convolution(x, w, Padded(1)), channels(4, 0.0078125)), c.ByValue(0.375));
  y = graph.Add(graph.Add(y, graph.Mul(z, c.ByValue(0.25))), channels(5, 0.5));
  c.Output("sum", graph.Mul(y, c.ByValue(0.3125)), kI8);
  const Tensor second = graph.Relu(graph.Add(graph.Mul(y, channels(6, 0.25)), channels(7, 0.125)));
  c.Output("norm", graph.Mul(second, c.ByValue(0.0625)), kI8);
  ExpectFixture(c, "convolution_int8_two_results");
}

TEST(CudnnInterpreter, ConvolutionOfBFloat16ToInt8) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 9, 7}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  const Tensor y = c.graph.Add(c.graph.Convolution(x, w, Padded(1, 2)), c.Input(kF32, {1, 16, 1, 1}, 4));
  c.Output("y", c.graph.Mul(c.graph.Relu(y), c.ByValue(1.5)), kI8);
  ExpectFixture(c, "convolution_bfloat16_to_int8");
}

TEST(CudnnInterpreter, MatmulOfInt8) {
  SLIMNET_NEEDS_CUDNN();
  for (const bool whole : {false, true}) {
    PlanCase c;
    Graph& graph = c.graph;
    const Tensor a = c.Input(kI8, {1, 3, 17}, 1, 1);
    std::vector<double> transposed;
    for (int64_t i = 0; i < 5 * 17; ++i) transposed.push_back(Element(i, 2, 1));
    const Tensor b = c.InputOf(kI8, {1, 17, 5}, transposed, {5 * 17, 1, 17});
    const Tensor bias = c.Input(kF32, {1, 1, 5}, 4, 1);
    const Tensor half = c.ByValue(0.5, kF32, 3);
    const Tensor sums = graph.Matmul(a, b);
    if (whole) {
      c.Output("whole", graph.Mul(graph.Add(sums, bias), half), kI8);
    } else {
      c.Output("float", graph.Add(graph.Mul(sums, half), bias), kF32);
    }
    for (const auto& [output, numbers] : c.Run()) {
      ExpectNumbers(output, numbers, FixtureOf("matmul_int8").at(output), 0);
    }
  }
}

TEST(CudnnInterpreter, ConvolutionBackwardData) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor dy = c.Input(kBf16, {2, 16, 4, 4}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  c.Output("dx", c.graph.ConvolutionBackwardData(dy, w, Padded(1, 2), {2, 8, 8, 7}), kBf16);
  ExpectFixture(c, "convolution_backward_data");
}

TEST(CudnnInterpreter, ConvolutionBackwardFilterIntoFloat32) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 8, 7}, 1), dy = c.Input(kBf16, {2, 16, 4, 4}, 2);
  const Tensor dw = c.graph.ConvolutionBackwardFilter(x, dy, Padded(1, 2), {16, 8, 3, 3});
  c.Output("dw", c.graph.Apply(Pointwise::kIdentity, dw), kF32);
  ExpectFixture(c, "convolution_backward_filter");
}

TEST(CudnnInterpreter, ConvolutionBackwardDataWithSumAndRelu) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor dy = c.Input(kBf16, {2, 16, 5, 5}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  const Tensor z = c.Input(kBf16, {2, 8, 5, 5}, 3), gate = c.Input(kBf16, {2, 8, 5, 5}, 4);
  const Tensor dx = c.graph.Add(c.graph.ConvolutionBackwardData(dy, w, Padded(1), {2, 8, 5, 5}), z);
  c.Output("dx", c.graph.Backward(Pointwise::kReluBackward, dx, gate), kBf16);
  ExpectFixture(c, "convolution_backward_data_tail");
}

TEST(CudnnInterpreter, ConvolutionWithSumsOfChannels) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor x = c.Input(kBf16, {2, 8, 5, 5}, 1), w = c.Input(kBf16, {16, 8, 3, 3}, 2);
  const Tensor y = c.graph.Convolution(x, w, Padded(1));
  c.Output("y", y, kBf16);
  const Statistics sums = c.graph.ChannelStatistics(y);
  c.Output("sum", sums.sum, kF32);
  c.Output("square_sum", sums.square_sum, kF32);
  ExpectFixture(c, "convolution_statistics");
}

TEST(CudnnInterpreter, MatmulWithBias) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const Tensor a = c.Input(kBf16, {1, 5, 24}, 1), b = c.Input(kBf16, {1, 24, 9}, 2);
  c.Output("c", c.graph.Add(c.graph.Matmul(a, b), c.Input(kF32, {1, 1, 9}, 3)), kF32);
  ExpectFixture(c, "matmul_bias");
}

TEST(CudnnInterpreter, MatmulOfTransposedMatrices) {
  SLIMNET_NEEDS_CUDNN();
  const auto numbers = [](int64_t count, int64_t seed) {
    std::vector<double> all;
    for (int64_t i = 0; i < count; ++i) all.push_back(Element(i, seed));
    return all;
  };
  PlanCase c;
  const Tensor a = c.InputOf(kBf16, {1, 8, 16}, numbers(16 * 8, 1), {128, 1, 8});
  const Tensor b = c.InputOf(kBf16, {1, 16, 24}, numbers(24 * 16, 2), {384, 1, 16});
  c.Output("c", c.graph.Matmul(a, b), kF32);
  ExpectFixture(c, "matmul_transposed");
}

TEST(CudnnInterpreter, Reductions) {
  SLIMNET_NEEDS_CUDNN();
  for (const auto& [name, mode] :
       {std::pair("sum", Reduce::kSum), std::pair("max", Reduce::kMax), std::pair("min", Reduce::kMin)}) {
    PlanCase c;
    c.Output(name, c.graph.Reduction(mode, c.Input(kF32, {2, 8, 5, 3}, 1), {1, 8, 1, 1}), kF32);
    ExpectNumbers(name, c.Run().at(name), FixtureOf("reductions").at(name), 0);
  }
}

TEST(CudnnInterpreter, MaxPoolingAndItsGradient) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase forward;
  const Graph::Pooled pooled = forward.graph.MaxPoolingWithIndex(forward.Input(kBf16, {2, 8, 8, 7}, 1), Pools(3, 1, 2));
  forward.Output("y", pooled.y, kBf16);
  forward.Output("index", pooled.index, kI8);
  const auto results = forward.Run();
  const Json& expected = FixtureOf("max_pooling");
  ExpectNumbers("y", results.at("y"), expected.at("y"), 0);
  PlanCase backward;
  const Tensor dy = backward.Input(kBf16, {2, 8, 4, 4}, 2);
  const Tensor index = backward.InputOf(kI8, {2, 8, 4, 4}, results.at("index"));
  const Tensor dx = backward.graph.PoolingBackward(Pool::kMax, dy, index, Pools(3, 1, 2), {2, 8, 8, 7});
  backward.Output("dx", dx, kBf16);
  ExpectNumbers("dx", backward.Run().at("dx"), expected.at("dx"), 0);
}

TEST(CudnnInterpreter, MaxPoolingWithUnevenPads) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  Window window = Pools(3, 0, 2);
  window.after = {1, 1};
  c.Output("y", c.graph.Pooling(Pool::kMax, c.Input(kF32, {2, 8, 8, 8}, 1), window), kF32);
  ExpectFixture(c, "max_pooling_uneven_pads");
}

TEST(CudnnInterpreter, AveragePoolingAndItsGradient) {
  SLIMNET_NEEDS_CUDNN();
  for (const auto& [mode, name] :
       {std::pair(Pool::kAverage, "average_pooling"), std::pair(Pool::kAveragePadding, "average_pooling_padding")}) {
    PlanCase forward, backward;
    forward.Output("y", forward.graph.Pooling(mode, forward.Input(kF32, {2, 8, 7, 6}, 1), Pools(3, 1, 2)), kF32);
    ExpectNumbers(name, forward.Run().at("y"), FixtureOf(name).at("y"), 0);
    const Tensor dy = backward.Input(kF32, {2, 8, 4, 3}, 2);
    backward.Output("dx", backward.graph.PoolingBackward(mode, dy, {}, Pools(3, 1, 2), {2, 8, 7, 6}), kF32);
    ExpectNumbers(name, backward.Run().at("dx"), FixtureOf(name).at("dx"), 1);
  }
}

struct NormInputs {
  Tensor x, z, scale, bias;
};

NormInputs NormInputsOf(PlanCase& c) {
  return {c.Input(kF32, {3, 8, 5, 4}, 1), c.Input(kF32, {3, 8, 5, 4}, 2), c.Input(kF32, {1, 8, 1, 1}, 3),
          c.Input(kF32, {1, 8, 1, 1}, 4)};
}

TEST(CudnnInterpreter, BatchNormInTraining) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const NormInputs in = NormInputsOf(c);
  const TrainedNorm norm = c.graph.NormTraining(in.x, in.scale, in.bias, c.ByValue(0.125));
  c.Output("y", c.graph.Relu(c.graph.Add(norm.y, in.z)), kF32);
  c.Output("mean", norm.mean, kF32);
  c.Output("inverse_deviation", norm.inverse_deviation, kF32);
  ExpectFixture(c, "norm_training", 4);
}

// What the fixture's forward pass hands to the gradients.
std::vector<double> Trained(const char* output) {
  std::vector<double> numbers;
  for (const Json& number : FixtureOf("norm_training").at(output)) numbers.push_back(number.get<double>());
  return numbers;
}

TEST(CudnnInterpreter, GradientOfBatchNorm) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const NormInputs in = NormInputsOf(c);
  const Tensor mean = c.InputOf(kF32, {1, 8, 1, 1}, Trained("mean"));
  const Tensor inverse = c.InputOf(kF32, {1, 8, 1, 1}, Trained("inverse_deviation"));
  const NormGradients gradients = c.graph.NormBackward(in.x, in.z, mean, inverse, in.scale);
  c.Output("dx", gradients.dx, kF32);
  c.Output("dscale", gradients.dscale, kF32);
  c.Output("dbias", gradients.dbias, kF32);
  ExpectFixture(c, "norm_backward", 8);
}

TEST(CudnnInterpreter, GradientOfBatchNormWithReluComputedAgain) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase c;
  const NormInputs in = NormInputsOf(c);
  const Tensor mean = c.InputOf(kF32, {1, 8, 1, 1}, Trained("mean"));
  const Tensor inverse = c.InputOf(kF32, {1, 8, 1, 1}, Trained("inverse_deviation"));
  const Tensor y = c.graph.NormInference(in.x, mean, inverse, in.scale, in.bias);
  const Tensor dy = c.graph.Backward(Pointwise::kReluBackward, in.z, y);
  const NormGradients gradients = c.graph.NormBackward(in.x, dy, mean, inverse, in.scale);
  c.Output("dx", gradients.dx, kF32);
  c.Output("dscale", gradients.dscale, kF32);
  c.Output("dbias", gradients.dbias, kF32);
  ExpectFixture(c, "norm_relu_backward", 8);
}

// The mask that training leaves behind, one bit an element, used by the gradient as it is.
TEST(CudnnInterpreter, MasksOfBitsGoFromTrainingToGradients) {
  SLIMNET_NEEDS_CUDNN();
  PlanCase forward;
  const NormInputs in = NormInputsOf(forward);
  const TrainedNorm norm = forward.graph.NormTraining(in.x, in.scale, in.bias, forward.ByValue(0.125));
  const Tensor y = forward.graph.Relu(forward.graph.Add(norm.y, in.z));
  forward.Output("y", y, kF32);
  const Tensor mask = forward.graph.Apply(Pointwise::kGreater, y, forward.ByValue(0));
  forward.Output("mask", mask, DType::kBool);
  forward.Output("mean", norm.mean, kF32);
  forward.Output("inverse_deviation", norm.inverse_deviation, kF32);
  const auto results = forward.Run();
  const std::vector<double>& bits = results.at("mask");
  const std::vector<double>& numbers = results.at("y");
  ASSERT_EQ(bits.size(), numbers.size() / 8);
  for (size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ((static_cast<int>(bits[i / 8]) >> (i % 8)) & 1, numbers[i] > 0 ? 1 : 0);
  }
}

TEST(CudnnInterpreter, PointwiseModes) {
  SLIMNET_NEEDS_CUDNN();
  const Json& expected = FixtureOf("pointwise");
  std::vector<std::string> done;
  const auto check = [&](const std::string& name, const auto& build) {
    PlanCase c;
    const Tensor a = c.Input(kF32, {2, 8, 3, 3}, 1), b = c.Input(kF32, {2, 8, 3, 3}, 2);
    c.Output(name, build(c, a, b), kF32);
    ExpectNumbers(name, c.Run().at(name), expected.at(name), 1);
    done.push_back(name);
  };
  const auto plain = [&](const std::string& name, Pointwise mode, const PointwiseOptions& options = {}) {
    check(name, [&](PlanCase& c, Tensor a, Tensor) { return c.graph.Apply(mode, a, options); });
  };
  // Of what is positive: |a| + 0.5.
  const auto positive = [&](const std::string& name, Pointwise mode) {
    check(name, [&](PlanCase& c, Tensor a, Tensor) {
      return c.graph.Apply(mode, c.graph.Add(c.graph.Apply(Pointwise::kAbs, a), c.ByValue(0.5)));
    });
  };
  const auto both = [&](const std::string& name, Pointwise mode) {
    check(name, [&](PlanCase& c, Tensor a, Tensor b) { return c.graph.Apply(mode, a, b); });
  };
  const auto chosen = [&](const std::string& name, Pointwise mode) {
    check(name, [&](PlanCase& c, Tensor a, Tensor b) { return c.graph.Select(c.graph.Apply(mode, a, b), a, b); });
  };
  const auto gradient = [&](const std::string& name, Pointwise mode, const PointwiseOptions& options = {}) {
    check(name, [&](PlanCase& c, Tensor a, Tensor b) { return c.graph.Backward(mode, b, a, options); });
  };
  const PointwiseOptions up_to{.lower = 0, .upper = 1.5, .slope = 0, .alpha = 1};
  const PointwiseOptions leaky{.lower = 0, .upper = PointwiseOptions().upper, .slope = 0.25, .alpha = 1};
  const PointwiseOptions half{.lower = 0, .upper = PointwiseOptions().upper, .slope = 0, .alpha = 0.5};
  plain("identity", Pointwise::kIdentity);
  plain("negate", Pointwise::kNegate);
  plain("abs", Pointwise::kAbs);
  plain("exp", Pointwise::kExp);
  positive("log", Pointwise::kLog);
  positive("sqrt", Pointwise::kSqrt);
  positive("rsqrt", Pointwise::kRsqrt);
  positive("reciprocal", Pointwise::kReciprocal);
  plain("tanh", Pointwise::kTanh);
  plain("sigmoid", Pointwise::kSigmoid);
  plain("elu", Pointwise::kElu, half);
  plain("relu", Pointwise::kRelu);
  plain("relu6", Pointwise::kRelu, up_to);
  plain("leaky", Pointwise::kRelu, leaky);
  both("add", Pointwise::kAdd);
  both("sub", Pointwise::kSub);
  both("mul", Pointwise::kMul);
  both("max", Pointwise::kMax);
  both("min", Pointwise::kMin);
  check("div", [](PlanCase& c, Tensor a, Tensor b) {
    return c.graph.Apply(Pointwise::kDiv, a, c.graph.Add(c.graph.Apply(Pointwise::kAbs, b), c.ByValue(0.5)));
  });
  chosen("equal", Pointwise::kEqual);
  chosen("not_equal", Pointwise::kNotEqual);
  chosen("greater", Pointwise::kGreater);
  chosen("greater_equal", Pointwise::kGreaterEqual);
  chosen("less", Pointwise::kLess);
  chosen("less_equal", Pointwise::kLessEqual);
  gradient("relu_backward", Pointwise::kReluBackward);
  gradient("relu6_backward", Pointwise::kReluBackward, up_to);
  gradient("leaky_backward", Pointwise::kReluBackward, leaky);
  gradient("tanh_backward", Pointwise::kTanhBackward);
  gradient("sigmoid_backward", Pointwise::kSigmoidBackward);
  gradient("elu_backward", Pointwise::kEluBackward, half);
  EXPECT_EQ(done.size(), expected.size());
}

// --- what it refuses -------------------------------------------------------------------------------------------------

template <class F>
std::string InternalError(F&& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    return error.what();
  }
  return "nothing";
}

TEST(CudnnInterpreter, PlansThatItDoesNotKnowAreRefused) {
  using slimnet::testing::ReadSoftGraph;
  EXPECT_NE(InternalError([] { ReadSoftGraph("{"); }).find("does not understand"), std::string::npos);
  EXPECT_NE(InternalError([] { ReadSoftGraph("{}"); }).find("operationGraph"), std::string::npos);
  const std::string tensor =
      R"({"name":"1","dataType":"CUDNN_DATA_FP8_E4M3","dim":[1],"stride":[1],"isVirtual":false,"isByValue":false,)"
      R"("vectCount":1})";
  EXPECT_NE(InternalError([&] {
              ReadSoftGraph(R"({"operationGraph":{"nodes":[],"tensors":[)" + tensor + "]}}");
            }).find("FP8_E4M3"),
            std::string::npos);
  const std::string node = R"({"operation":"CUDNN_BACKEND_OPERATION_RNG_DESCRIPTOR"})";
  const auto graph = ReadSoftGraph(R"({"operationGraph":{"tensors":[],"nodes":[)" + node + "]}}");
  slimnet::testing::SoftRun run(graph);
  EXPECT_NE(InternalError([&] { run.Do(graph.nodes[0]); }).find("cannot compute RNG"), std::string::npos);
}

// BN_FINALIZE_STATISTICS has engines in the full library alone, so its graph stands here as that one writes it.
TEST(CudnnInterpreter, FinalizedStatistics) {
  const auto tensor = [](int id, const std::string& type, int64_t channels, bool by_value) {
    const std::string extents = "[1," + std::to_string(channels) + ",1,1]";
    return R"({"name":")" + std::to_string(id) + R"(","dataType":"CUDNN_DATA_)" + type + R"(","dim":)" + extents +
           R"(,"stride":[2,1,2,2],"isVirtual":false,"isByValue":)" + (by_value ? "true" : "false") +
           R"(,"vectCount":1})";
  };
  std::string tensors;
  for (int id = 1; id <= 12; ++id) tensors += tensor(id, "FLOAT", 2, false) + ",";
  tensors += tensor(13, "INT64", 1, true) + "," + tensor(14, "FLOAT", 1, true) + "," + tensor(15, "FLOAT", 1, true);
  const std::string node =
      R"({"operation":"CUDNN_BACKEND_OPERATION_BN_FINALIZE_STATISTICS_DESCRIPTOR","ySum":"1","ySqSum":"2",)"
      R"("bnScale":"3","bnBias":"4","bnPrevRunningMean":"5","bnPrevRunningVar":"6","bnUpdatedRunningMean":"7",)"
      R"("bnUpdatedRunningVar":"8","bnSavedMean":"9","bnSavedInvStd":"10","bnEqScale":"11","bnEqBias":"12",)"
      R"("accumCntValTensor":"13","epsilonValTensor":"14","expAverageFactorValTensor":"15"})";
  const auto graph =
      slimnet::testing::ReadSoftGraph(R"({"operationGraph":{"tensors":[)" + tensors + R"(],"nodes":[)" + node + "]}}");
  slimnet::testing::SoftRun run(graph);
  const auto set = [&](int id, std::vector<double> numbers) {
    slimnet::testing::SoftValue value({1, static_cast<int64_t>(numbers.size()), 1, 1});
    value.elements = std::move(numbers);
    run.Set(id, value);
  };
  // Channels of the elements 1, 2, 3, 6 and 0, 0, 4, 4.
  set(1, {12, 8});
  set(2, {50, 32});
  set(3, {2, 1});
  set(4, {1, 0});
  set(5, {0, 10});
  set(6, {1, 3});
  set(13, {4});
  set(14, {0.5});
  set(15, {0.25});
  run.Do(graph.nodes[0]);
  const auto expect = [&](int id, std::vector<double> numbers) {
    for (size_t c = 0; c < 2; ++c) EXPECT_FLOAT_EQ(run.Get(id).elements[c], numbers[c]) << id;
  };
  expect(9, {3, 2});
  expect(10, {0.5, 1 / std::sqrt(4.5)});  // of the variances 3.5 and 4
  expect(11, {1, 1 / std::sqrt(4.5)});
  expect(12, {-2, -2 / std::sqrt(4.5)});
  expect(7, {0.75, 8});
  expect(8, {0.75 + 0.25 * 3.5 * 4 / 3, 0.75 * 3 + 0.25 * 4.0 * 4 / 3});
}

}  // namespace
}  // namespace slimnet::cudnn::testing
