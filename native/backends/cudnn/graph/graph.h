// An operation graph of cuDNN as plain data: ops build it, Plans makes an executable plan of it. Knows no library.
//
//   Graph graph;
//   const Tensor x = graph.Stored(DType::kBFloat16, {n, c, h, w});
//   const Tensor w = graph.Stored(DType::kBFloat16, {k, c, r, s});
//   const Tensor y = graph.Relu(graph.Add(graph.Convolution(x, w, window), bias));
//   graph.Store(y, DType::kBFloat16);
//
// Extents are given in cuDNN's order, which is NCHW whatever lies in memory: {N, C, H, W} for images, {K, C, R, S} for
// filters, {1, C, 1, 1} for what there is once for each channel, {B, M, N} for matrices. In memory, what has four
// extents lies as NHWC (filters: KRSC), matrices row by row, unless strides say otherwise.
//
// What an operation returns is virtual until it is stored: it exists within the plan alone, in float32 (int32 where
// int8 is multiplied) unless Type says otherwise, and values are rounded to that type there.
//
// Bad arguments are Error{kInternal}: graphs are written by ops, which have checked what comes from outside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "base/dtype.h"

namespace slimnet::cudnn {

using Extents = std::vector<int64_t>;

// A tensor of one graph. `id` is what a Port of a run refers to (gpu/gpu.h). 0: none.
struct Tensor {
  int64_t id = 0;

  explicit operator bool() const { return id != 0; }
  friend bool operator==(Tensor, Tensor) = default;
};

enum class TensorKind : uint8_t {
  kStored,   // memory of the device, handed in with each run
  kVirtual,  // within the plan alone
  kByValue,  // one number, read from memory of the host when a run is queued
};

struct TensorInfo {
  DType type = DType::kFloat32;  // kBool: one bit an element, in an order that is cuDNN's own business
  TensorKind kind = TensorKind::kStored;
  Extents extents;
  Extents strides;        // in elements
  size_t alignment = 16;  // of the address, in bytes

  int64_t count() const;
  size_t bytes() const;  // from the first element to behind the last one
};

// The windows of a convolution or of pooling, by height and width.
struct Window {
  using Pair = std::array<int64_t, 2>;
  Pair before = {0, 0};  // padding
  Pair after = {0, 0};
  Pair strides = {1, 1};
  Pair dilations = {1, 1};  // convolutions only
  Pair size = {0, 0};       // pooling only
};

enum class Pointwise : uint8_t {
  // Of one tensor.
  kIdentity,
  kNegate,
  kAbs,
  kExp,
  kLog,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kTanh,
  kSigmoid,
  kElu,
  kRelu,
  // Of two, broadcast where an extent is 1.
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMax,
  kMin,
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  // Gradients: of dy, and of x as it went in.
  kReluBackward,
  kTanhBackward,
  kSigmoidBackward,
  kEluBackward,
  // third ? first : second.
  kSelect,
};

struct PointwiseOptions {
  double lower = 0;  // of relu: x below it gives it, or lower + slope * (x - lower)
  double upper = std::numeric_limits<double>::infinity();
  double slope = 0;
  double alpha = 1;  // of elu
};

enum class Reduce : uint8_t { kSum, kProduct, kMax, kMin };

enum class Pool : uint8_t {
  kMax,             // padding counts as minus infinity
  kAverage,         // over the window without its padding
  kAveragePadding,  // padding counts as zeros
};

struct ConvolutionStep {
  enum class Direction : uint8_t { kForward, kBackwardData, kBackwardFilter };
  Direction direction;
  Tensor x, w, y;  // one of them is written; gradients have the place of what they are the gradient of
  Window window;
};

struct PointwiseStep {
  Pointwise mode;
  Tensor x, b, t, y;  // gradients: x and b hold x and dy, y holds dx
  PointwiseOptions options;
};

struct MatmulStep {
  Tensor a, b, c;
};

struct ReductionStep {
  Reduce mode;
  Tensor x, y;
};

struct PoolingStep {
  Pool mode;
  bool backward;
  Tensor x, y, index;  // gradients have the place of what they are the gradient of
  Window window;
};

struct StatisticsStep {
  Tensor x, sum, square_sum;
};

struct NormForwardStep {
  bool training;
  Tensor x, mean, inverse_deviation, scale, bias, epsilon, y;
};

struct NormBackwardStep {
  Tensor x, dy, mean, inverse_deviation, scale, dx, dscale, dbias;
};

struct NormFinalizeStep {
  Tensor sum, square_sum, scale, bias, previous_mean, previous_variance, epsilon, factor, count;
  Tensor updated_mean, updated_variance, mean, inverse_deviation, equivalent_scale, equivalent_bias;
};

using Step = std::variant<ConvolutionStep, PointwiseStep, MatmulStep, ReductionStep, PoolingStep, StatisticsStep,
                          NormForwardStep, NormBackwardStep, NormFinalizeStep>;

struct TrainedNorm {
  Tensor y, mean, inverse_deviation;  // 1 / sqrt(variance + epsilon)
};

struct NormGradients {
  Tensor dx, dscale, dbias;
};

struct Statistics {
  Tensor sum, square_sum;
};

struct FinalizedNorm {
  Tensor mean, inverse_deviation, equivalent_scale, equivalent_bias, updated_mean, updated_variance;
};

class Graph {
 public:
  // --- tensors that come from outside, or go there ---------------------------------------------------------------
  // `alignment` 0: what the innermost extent allows, 16 at most.
  Tensor Stored(DType type, Extents extents, Extents strides = {}, size_t alignment = 0);
  // {1, ..., 1} for a graph of tensors with `rank` extents.
  Tensor ByValue(DType type = DType::kFloat32, size_t rank = 4);
  // Makes what a step returned a stored tensor. It may still be read within the graph.
  void Store(Tensor virtual_tensor, DType type, Extents strides = {}, size_t alignment = 0);
  // The type of a virtual tensor.
  void Type(Tensor virtual_tensor, DType type);

  // --- products ----------------------------------------------------------------------------------------------------
  // x {N, C, H, W}, w {K, C / groups, R, S}.
  Tensor Convolution(Tensor x, Tensor w, const Window& window);
  // The gradient of x, whose extents are given.
  Tensor ConvolutionBackwardData(Tensor dy, Tensor w, const Window& window, Extents x);
  // The gradient of w, whose extents are given.
  Tensor ConvolutionBackwardFilter(Tensor x, Tensor dy, const Window& window, Extents w);
  // {B, M, K} times {B, K, N}; B may be 1 on one side. Strides transpose.
  Tensor Matmul(Tensor a, Tensor b);

  // --- elements ----------------------------------------------------------------------------------------------------
  Tensor Apply(Pointwise mode, Tensor x, const PointwiseOptions& options = {});
  Tensor Apply(Pointwise mode, Tensor a, Tensor b, const PointwiseOptions& options = {});
  Tensor Select(Tensor condition, Tensor yes, Tensor no);
  Tensor Add(Tensor a, Tensor b) { return Apply(Pointwise::kAdd, a, b); }
  Tensor Sub(Tensor a, Tensor b) { return Apply(Pointwise::kSub, a, b); }
  Tensor Mul(Tensor a, Tensor b) { return Apply(Pointwise::kMul, a, b); }
  Tensor Relu(Tensor x, double upper = std::numeric_limits<double>::infinity());
  // dx of a gradient mode, from dy and the x that went in (of relu: its result does as well).
  Tensor Backward(Pointwise mode, Tensor dy, Tensor x, const PointwiseOptions& options = {});

  // --- over many elements ------------------------------------------------------------------------------------------
  // Over the extents that are 1 in `result`.
  Tensor Reduction(Reduce mode, Tensor x, Extents result);
  Tensor Pooling(Pool mode, Tensor x, const Window& window);
  // Max pooling that also says where the largest value was, in a form that only PoolingBackward understands: stored by
  // the caller as int8 or int32.
  struct Pooled {
    Tensor y, index;
  };
  Pooled MaxPoolingWithIndex(Tensor x, const Window& window);
  // `index` of max pooling; none for averages. cuDNN 9.19 crashes when asked for a maximum without one.
  Tensor PoolingBackward(Pool mode, Tensor dy, Tensor index, const Window& window, Extents x);
  // Sums of each channel, and of squares.
  Statistics ChannelStatistics(Tensor x);

  // --- batch norm --------------------------------------------------------------------------------------------------
  // By the statistics of x; scale, bias: float32 {1, C, 1, 1}; epsilon by value.
  TrainedNorm NormTraining(Tensor x, Tensor scale, Tensor bias, Tensor epsilon);
  // By statistics that are given. Only within a graph that also has NormBackward: by itself it finds no engine.
  Tensor NormInference(Tensor x, Tensor mean, Tensor inverse_deviation, Tensor scale, Tensor bias);
  NormGradients NormBackward(Tensor x, Tensor dy, Tensor mean, Tensor inverse_deviation, Tensor scale);
  // What follows from sums of channels. `factor`: how much of the new goes into the moving statistics; `count` int64 by
  // value.
  FinalizedNorm NormFinalize(const Statistics& sums, Tensor scale, Tensor bias, Tensor previous_mean,
                             Tensor previous_variance, Tensor epsilon, Tensor factor, Tensor count);

  // --- what was built ----------------------------------------------------------------------------------------------
  const TensorInfo& info(Tensor tensor) const;
  // By id, from 1 on: tensors()[id - 1].
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const std::vector<Step>& steps() const { return steps_; }
  // One line a tensor and step. Equal texts are equal graphs: plans are kept by it.
  std::string Text() const;

 private:
  Tensor New(DType type, TensorKind kind, Extents extents, Extents strides, size_t alignment);
  Tensor Virtual(DType type, Extents extents);
  TensorInfo& Mutable(Tensor tensor);
  void CheckChannelwise(Tensor tensor, int64_t channels, const char* what) const;

  std::vector<TensorInfo> tensors_;
  std::vector<Step> steps_;
};

}  // namespace slimnet::cudnn
