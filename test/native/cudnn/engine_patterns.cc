#include "native/cudnn/engine_patterns.h"

#include <optional>

namespace slimnet::cudnn::testing {
namespace {

constexpr DType kFloat = DType::kFloat32, kBrain = DType::kBFloat16, kByte = DType::kInt8;
constexpr int64_t kBatch = 32;

// A square convolution.
struct Conv {
  int64_t channels = 64, size = 56, outputs = 64, window = 3, stride = 1, padding = 1;
  std::optional<int64_t> after = {};  // where it differs
  int64_t dilation = 1;

  Window windows() const {
    Window result;
    result.before = {padding, padding};
    result.after = {after.value_or(padding), after.value_or(padding)};
    result.strides = {stride, stride};
    result.dilations = {dilation, dilation};
    return result;
  }
  int64_t out() const { return (size + padding + after.value_or(padding) - dilation * (window - 1) - 1) / stride + 1; }
  Extents x() const { return {kBatch, channels, size, size}; }
  Extents w() const { return {outputs, channels, window, window}; }
  Extents y() const { return {kBatch, outputs, out(), out()}; }
  Extents bias() const { return {1, outputs, 1, 1}; }
};

constexpr Conv kSame{}, kExpand{64, 56, 256, 1, 1, 0};

struct Tail {
  bool residual = false;
  std::optional<DType> bias = {};
  bool bias_first = false;
  bool scale = false;
  std::optional<double> relu = {};  // its upper end
};

constexpr double kNoEnd = std::numeric_limits<double>::infinity();

Graph Forward(const Conv& conv, DType type, const Tail& tail, std::optional<DType> between = {},
              std::optional<DType> result = {}) {
  Graph graph;
  const Tensor x = graph.Stored(type, conv.x()), w = graph.Stored(type, conv.w());
  Tensor y = graph.Convolution(x, w, conv.windows());
  const auto next = [&](Tensor tensor) {
    if (between) graph.Type(y, *between);
    y = tensor;
  };
  const auto bias = [&] { next(graph.Add(y, graph.Stored(*tail.bias, conv.bias()))); };
  if (tail.scale) next(graph.Mul(y, graph.Stored(kFloat, conv.bias())));
  if (tail.bias && tail.bias_first) bias();
  if (tail.residual) next(graph.Add(y, graph.Stored(type, conv.y())));
  if (tail.bias && !tail.bias_first) bias();
  if (tail.relu) next(graph.Relu(y, *tail.relu));
  graph.Store(y, result.value_or(type));
  return graph;
}

Tail BiasRelu(DType bias) { return {.bias = bias, .relu = kNoEnd}; }

// conv of relu(x * scale + bias), as version 2 of residual networks has it.
Graph Prologue(bool residual, bool statistics) {
  Graph graph;
  const Conv conv = kSame;
  const Extents channels = {1, conv.channels, 1, 1};
  Tensor x = graph.Mul(graph.Stored(kBrain, conv.x()), graph.Stored(kFloat, channels));
  x = graph.Relu(graph.Add(x, graph.Stored(kFloat, channels)));
  graph.Type(x, kBrain);
  Tensor y = graph.Convolution(x, graph.Stored(kBrain, conv.w()), conv.windows());
  if (statistics) {
    graph.Store(y, kBrain);
    const Statistics sums = graph.ChannelStatistics(y);
    graph.Store(sums.sum, kFloat);
    graph.Store(sums.square_sum, kFloat);
    return graph;
  }
  y = graph.Add(y, graph.Stored(kFloat, conv.bias()));
  y = residual ? graph.Add(y, graph.Stored(kBrain, conv.y())) : graph.Relu(y);
  graph.Store(y, kBrain);
  return graph;
}

// conv + bias + residual, and relu(that * scale + bias) as a second result.
Graph SecondOutput() {
  Graph graph;
  const Conv conv = kSame;
  Tensor y = graph.Convolution(graph.Stored(kBrain, conv.x()), graph.Stored(kBrain, conv.w()), conv.windows());
  y = graph.Add(graph.Add(y, graph.Stored(kFloat, conv.bias())), graph.Stored(kBrain, conv.y()));
  graph.Store(y, kBrain);
  const Tensor scaled = graph.Mul(y, graph.Stored(kFloat, conv.bias()));
  graph.Store(graph.Relu(graph.Add(scaled, graph.Stored(kFloat, conv.bias()))), kBrain);
  return graph;
}

// What integers stand for, and numbers as integers: as in the backend's tails.
struct Int8 {
  Conv conv = kSame;
  DType multiplied = kByte;
  DType result = kByte;
  bool residual = false;
  double relu = kNoEnd;
  bool second = false;  // relu(sum * scale + bias) as a second result
};

Tensor Stepped(Graph& graph, Tensor x) { return graph.Mul(x, graph.ByValue()); }

Graph Quantized(const Int8& form) {
  Graph graph;
  const Conv& conv = form.conv;
  const auto store = [&](Tensor y) { graph.Store(form.result == kByte ? Stepped(graph, y) : y, form.result); };
  Tensor y = graph.Convolution(graph.Stored(form.multiplied, conv.x()), graph.Stored(form.multiplied, conv.w()),
                               conv.windows());
  if (form.multiplied == kByte) y = Stepped(graph, graph.Mul(y, graph.Stored(kFloat, conv.bias())));
  if (form.residual) y = graph.Add(y, Stepped(graph, graph.Stored(kByte, conv.y())));
  y = graph.Add(y, graph.Stored(kFloat, conv.bias()));
  if (form.second) {
    store(y);
    y = graph.Add(graph.Mul(y, graph.Stored(kFloat, conv.bias())), graph.Stored(kFloat, conv.bias()));
  }
  store(graph.Relu(y, form.relu));
  return graph;
}

Graph QuantizedProduct(int64_t outputs) {
  Graph graph;
  const Tensor a = graph.Stored(kByte, {1, kBatch, 2048});
  const Tensor b = graph.Stored(kByte, {1, 2048, outputs}, {2048 * outputs, 1, 2048});
  const Extents each = {1, 1, outputs};
  const Tensor c = graph.Mul(graph.Mul(graph.Matmul(a, b), graph.Stored(kFloat, each)), graph.ByValue(kFloat, 3));
  graph.Store(graph.Add(c, graph.Stored(kFloat, each)), kFloat);
  return graph;
}

Graph WithStatistics() {
  Graph graph;
  const Conv conv = kSame;
  const Tensor y = graph.Convolution(graph.Stored(kBrain, conv.x()), graph.Stored(kBrain, conv.w()), conv.windows());
  graph.Store(y, kBrain);
  const Statistics sums = graph.ChannelStatistics(y);
  graph.Store(sums.sum, kFloat);
  graph.Store(sums.square_sum, kFloat);
  return graph;
}

enum class Behind { kNothing, kIdentity, kAdd, kRelu, kAddRelu };

Graph BackwardData(const Conv& conv, DType type, Behind behind) {
  Graph graph;
  const Tensor dy = graph.Stored(type, conv.y()), w = graph.Stored(type, conv.w());
  Tensor dx = graph.ConvolutionBackwardData(dy, w, conv.windows(), conv.x());
  if (behind == Behind::kAdd || behind == Behind::kAddRelu) dx = graph.Add(dx, graph.Stored(type, conv.x()));
  if (behind == Behind::kRelu || behind == Behind::kAddRelu) {
    dx = graph.Backward(Pointwise::kReluBackward, dx, graph.Stored(type, conv.x()));
  }
  graph.Store(dx, type);
  return graph;
}

Graph BackwardFilter(const Conv& conv, DType type, DType result, Behind behind) {
  Graph graph;
  const Tensor x = graph.Stored(type, conv.x()), dy = graph.Stored(type, conv.y());
  Tensor dw = graph.ConvolutionBackwardFilter(x, dy, conv.windows(), conv.w());
  if (behind == Behind::kIdentity) dw = graph.Apply(Pointwise::kIdentity, dw);
  if (behind == Behind::kAdd) dw = graph.Add(dw, graph.Stored(result, conv.w()));
  graph.Store(dw, result);
  return graph;
}

Graph NormTrained(DType type, int64_t channels, bool residual, bool relu, bool mask) {
  Graph graph;
  const Extents extents = {kBatch, channels, 14, 14}, each = {1, channels, 1, 1};
  const Tensor x = graph.Stored(type, extents);
  const Tensor scale = graph.Stored(kFloat, each), bias = graph.Stored(kFloat, each);
  const TrainedNorm norm = graph.NormTraining(x, scale, bias, graph.ByValue());
  graph.Store(norm.mean, kFloat);
  graph.Store(norm.inverse_deviation, kFloat);
  Tensor y = norm.y;
  if (residual) y = graph.Add(y, graph.Stored(type, extents));
  if (relu) y = graph.Relu(y);
  graph.Store(y, type);
  if (mask) graph.Store(graph.Apply(Pointwise::kGreater, y, graph.ByValue()), DType::kBool);
  return graph;
}

enum class Gate { kNone, kRecomputed, kMask };

Graph NormBackward(DType type, int64_t channels, Gate gate) {
  Graph graph;
  const Extents extents = {kBatch, channels, 14, 14}, each = {1, channels, 1, 1};
  const Tensor x = graph.Stored(type, extents), mean = graph.Stored(kFloat, each), inverse = graph.Stored(kFloat, each);
  const Tensor scale = graph.Stored(kFloat, each);
  Tensor dy = graph.Stored(type, extents);
  if (gate == Gate::kRecomputed) {
    const Tensor y = graph.NormInference(x, mean, inverse, scale, graph.Stored(kFloat, each));
    dy = graph.Backward(Pointwise::kReluBackward, dy, y);
    graph.Type(dy, type);
  }
  if (gate == Gate::kMask) {
    dy = graph.Mul(dy, graph.Stored(DType::kBool, extents));
    graph.Store(dy, type);
  }
  const NormGradients gradients = graph.NormBackward(x, dy, mean, inverse, scale);
  graph.Store(gradients.dx, type);
  graph.Store(gradients.dscale, kFloat);
  graph.Store(gradients.dbias, kFloat);
  return graph;
}

Graph NormFinalized() {
  Graph graph;
  const auto each = [&] { return graph.Stored(kFloat, {1, 64, 1, 1}); };
  const Statistics sums{each(), each()};
  const Tensor scale = each(), bias = each(), mean = each(), variance = each();
  const FinalizedNorm norm = graph.NormFinalize(sums, scale, bias, mean, variance, graph.ByValue(), graph.ByValue(),
                                                graph.ByValue(DType::kInt64));
  for (const Tensor tensor : {norm.mean, norm.inverse_deviation, norm.equivalent_scale, norm.equivalent_bias,
                              norm.updated_mean, norm.updated_variance}) {
    graph.Store(tensor, kFloat);
  }
  return graph;
}

Graph Pooled(Pool mode, DType type, int64_t size, int64_t stride, int64_t before, int64_t after, bool index) {
  Graph graph;
  Window window;
  window.before = {before, before};
  window.after = {after, after};
  window.strides = {stride, stride};
  window.size = {size, size};
  const Tensor x = graph.Stored(type, {kBatch, 64, 112, 112});
  if (!index) {
    graph.Store(graph.Pooling(mode, x, window), type);
    return graph;
  }
  const Graph::Pooled pooled = graph.MaxPoolingWithIndex(x, window);
  graph.Store(pooled.y, type);
  graph.Store(pooled.index, kByte);
  return graph;
}

Graph PooledBackward(Pool mode, DType type, int64_t size, int64_t stride, int64_t padding) {
  Graph graph;
  Window window;
  window.before = window.after = {padding, padding};
  window.strides = {stride, stride};
  window.size = {size, size};
  const int64_t out = (112 + 2 * padding - size) / stride + 1;
  const Extents y = {kBatch, 64, out, out};
  const Tensor dy = graph.Stored(type, y);
  const Tensor index = mode == Pool::kMax ? graph.Stored(kByte, y) : Tensor();
  graph.Store(graph.PoolingBackward(mode, dy, index, window, {kBatch, 64, 112, 112}), type);
  return graph;
}

Graph Product(DType type, DType result, DType bias, int64_t outputs, bool relu = false) {
  Graph graph;
  const Tensor a = graph.Stored(type, {1, kBatch, 2048}), b = graph.Stored(type, {1, 2048, outputs});
  Tensor c = graph.Matmul(a, b);
  c = graph.Add(c, graph.Stored(bias, {1, 1, outputs}));
  graph.Store(relu ? graph.Relu(c) : c, result);
  return graph;
}

Graph Reduced(Reduce mode, bool images) {
  Graph graph;
  const Tensor x = graph.Stored(kFloat, {kBatch, 2048, 7, 7});
  graph.Store(graph.Reduction(mode, x, {images ? 1 : kBatch, 2048, 1, 1}), kFloat);
  return graph;
}

}  // namespace

std::vector<std::pair<std::string, std::function<Graph()>>> EnginePatterns() {
  const Conv stem3{3, 224, 64, 7, 2, 3}, stem4{4, 224, 64, 7, 2, 3}, stem8{8, 224, 64, 7, 2, 3};
  const Conv depth12{12, 112, 64, 4, 1, 2, 1}, depth16{16, 112, 64, 4, 1, 2, 1};
  const Conv half{256, 56, 512, 1, 2, 0}, uneven{128, 56, 128, 3, 2, 0, 1}, dilated{64, 56, 64, 3, 1, 2, {}, 2};
  const Conv logits{2048, 1, 1000, 1, 1, 0}, odd_logits{2048, 1, 1001, 1, 1, 0}, odd{5, 13, 7, 3, 1, 1};
  const Tail residual{.residual = true, .bias = kBrain, .relu = kNoEnd};
  return {
      {"conv + residual + bias + relu", [=] { return Forward(kExpand, kBrain, residual); }},
      {"conv + residual + bias + relu, bias float32",
       [] { return Forward(kExpand, kBrain, {.residual = true, .bias = kFloat, .relu = kNoEnd}); }},
      {"conv + bias + residual + relu",
       [] { return Forward(kExpand, kBrain, {.residual = true, .bias = kBrain, .bias_first = true, .relu = kNoEnd}); }},
      {"conv + residual + bias + relu, virtual tensors bfloat16",
       [=] { return Forward(kExpand, kBrain, residual, kBrain); }},
      {"conv + bias + relu", [] { return Forward(kSame, kBrain, BiasRelu(kBrain)); }},
      {"conv + bias + relu, bias float32", [] { return Forward(kSame, kBrain, BiasRelu(kFloat)); }},
      {"conv + bias", [] { return Forward(kExpand, kBrain, {.bias = kBrain}); }},
      {"conv + scale + bias + relu",
       [] { return Forward(kSame, kBrain, {.bias = kFloat, .scale = true, .relu = kNoEnd}); }},
      {"conv + bias + relu6", [] { return Forward(kSame, kBrain, {.bias = kBrain, .relu = 6.0}); }},
      {"conv dilated + bias + relu", [=] { return Forward(dilated, kBrain, BiasRelu(kBrain)); }},
      {"conv of uneven pads + bias + relu", [=] { return Forward(uneven, kBrain, BiasRelu(kBrain)); }},
      {"conv 1x1 / 2 + bias", [=] { return Forward(half, kBrain, {.bias = kBrain}); }},
      {"conv to 1000 + bias", [=] { return Forward(logits, kBrain, {.bias = kBrain}); }},
      {"conv to 1001 + bias", [=] { return Forward(odd_logits, kBrain, {.bias = kBrain}); }},
      {"conv 5 to 7 + bias + relu", [=] { return Forward(odd, kBrain, BiasRelu(kBrain)); }},
      {"conv bfloat16 to float32", [] { return Forward(kSame, kBrain, {}, {}, kFloat); }},
      {"float32 conv + residual + bias + relu",
       [] { return Forward(kExpand, kFloat, {.residual = true, .bias = kFloat, .relu = kNoEnd}); }},
      {"float32 conv + bias + residual + relu",
       [] { return Forward(kExpand, kFloat, {.residual = true, .bias = kFloat, .bias_first = true, .relu = kNoEnd}); }},
      {"float32 conv + bias + relu", [] { return Forward(kSame, kFloat, BiasRelu(kFloat)); }},
      {"float32 conv + bias + relu6", [] { return Forward(kSame, kFloat, {.bias = kFloat, .relu = 6.0}); }},
      {"float32 conv to 1001 + bias", [=] { return Forward(odd_logits, kFloat, {.bias = kFloat}); }},
      {"float32 conv 5 to 7 + bias + relu", [=] { return Forward(odd, kFloat, BiasRelu(kFloat)); }},
      {"stem of 3 channels + bias + relu", [=] { return Forward(stem3, kBrain, BiasRelu(kBrain)); }},
      {"stem of 4 channels + bias + relu", [=] { return Forward(stem4, kBrain, BiasRelu(kBrain)); }},
      {"stem of 8 channels + bias + relu", [=] { return Forward(stem8, kBrain, BiasRelu(kBrain)); }},
      {"stem as 4x4 of 12 channels + bias + relu", [=] { return Forward(depth12, kBrain, BiasRelu(kBrain)); }},
      {"stem as 4x4 of 16 channels + bias + relu", [=] { return Forward(depth16, kBrain, BiasRelu(kBrain)); }},
      {"scale + bias + relu + conv + bias + residual", [] { return Prologue(true, false); }},
      {"scale + bias + relu + conv + bias + relu", [] { return Prologue(false, false); }},
      {"conv + bias + residual, then scale + bias + relu", SecondOutput},
      {"int8 conv + bias + relu", [] { return Quantized({}); }},
      {"int8 conv + residual + bias + relu", [] { return Quantized({.conv = kExpand, .residual = true}); }},
      {"int8 conv + bias + relu6", [] { return Quantized({.relu = 6}); }},
      {"int8 conv + residual + bias, then scale + bias + relu",
       [] { return Quantized({.conv = kExpand, .residual = true, .second = true}); }},
      {"int8 conv 1x1 / 2 + bias + relu", [=] { return Quantized({.conv = half}); }},
      {"int8 conv of uneven pads + bias + relu", [=] { return Quantized({.conv = uneven}); }},
      {"int8 conv of 5 channels, 16 with zeros, to 7 + bias + relu",
       [=] { return Quantized({.conv = {16, 13, 7, 3, 1, 1}}); }},
      {"int8 conv + bias + relu to float32", [] { return Quantized({.result = kFloat}); }},
      {"stem of 8 channels + bias + relu to int8", [=] { return Quantized({.conv = stem8, .multiplied = kBrain}); }},
      {"int8 matrices + bias to float32", [] { return QuantizedProduct(1001); }},
      {"plain conv", [] { return Forward(kSame, kBrain, {}); }},
      {"gradient of data", [] { return BackwardData(kSame, kBrain, Behind::kNothing); }},
      {"gradient of data + sum", [] { return BackwardData(kSame, kBrain, Behind::kAdd); }},
      {"gradient of data + gradient of relu", [] { return BackwardData(kSame, kBrain, Behind::kRelu); }},
      {"gradient of data + sum + gradient of relu", [] { return BackwardData(kSame, kBrain, Behind::kAddRelu); }},
      {"float32 gradient of data", [] { return BackwardData(kSame, kFloat, Behind::kNothing); }},
      {"gradient of a filter", [] { return BackwardFilter(kSame, kBrain, kBrain, Behind::kNothing); }},
      {"gradient of a filter to float32", [] { return BackwardFilter(kSame, kBrain, kFloat, Behind::kNothing); }},
      {"gradient of a filter + identity to float32",
       [] { return BackwardFilter(kSame, kBrain, kFloat, Behind::kIdentity); }},
      {"gradient of a filter + sum to float32", [] { return BackwardFilter(kSame, kBrain, kFloat, Behind::kAdd); }},
      {"gradient of the stem of 3 channels + identity to float32",
       [=] { return BackwardFilter(stem3, kBrain, kFloat, Behind::kIdentity); }},
      {"gradient of the stem of 4 channels + identity to float32",
       [=] { return BackwardFilter(stem4, kBrain, kFloat, Behind::kIdentity); }},
      {"float32 gradient of a filter", [] { return BackwardFilter(kSame, kFloat, kFloat, Behind::kNothing); }},
      {"conv + sums of channels", WithStatistics},
      {"scale + bias + relu + conv + sums of channels", [] { return Prologue(false, true); }},
      {"batch norm from sums of channels", NormFinalized},
      {"batch norm in training", [] { return NormTrained(kBrain, 64, false, false, false); }},
      {"batch norm in training + residual + relu", [] { return NormTrained(kBrain, 64, true, true, false); }},
      {"batch norm in training + residual + relu + mask", [] { return NormTrained(kBrain, 64, true, true, true); }},
      {"batch norm in training of 12 channels", [] { return NormTrained(kBrain, 12, false, false, false); }},
      {"float32 batch norm in training of 12 channels", [] { return NormTrained(kFloat, 12, false, false, false); }},
      {"gradient of batch norm", [] { return NormBackward(kBrain, 64, Gate::kNone); }},
      {"gradient of batch norm, relu computed again", [] { return NormBackward(kBrain, 64, Gate::kRecomputed); }},
      {"gradient of batch norm, masked", [] { return NormBackward(kBrain, 64, Gate::kMask); }},
      {"max pooling", [] { return Pooled(Pool::kMax, kBrain, 3, 2, 1, 1, false); }},
      {"max pooling of uneven pads", [] { return Pooled(Pool::kMax, kBrain, 3, 2, 0, 1, false); }},
      {"max pooling 1x1 / 2", [] { return Pooled(Pool::kMax, kBrain, 1, 2, 0, 0, false); }},
      {"max pooling with index", [] { return Pooled(Pool::kMax, kBrain, 3, 2, 1, 1, true); }},
      {"gradient of max pooling", [] { return PooledBackward(Pool::kMax, kBrain, 3, 2, 1); }},
      {"average pooling", [] { return Pooled(Pool::kAverage, kBrain, 3, 2, 1, 1, false); }},
      {"gradient of average pooling", [] { return PooledBackward(Pool::kAverage, kBrain, 3, 2, 1); }},
      {"matrices + bias + relu", [] { return Product(kBrain, kBrain, kBrain, 1001, true); }},
      {"matrices + bias + relu, bias float32", [] { return Product(kBrain, kBrain, kFloat, 1001, true); }},
      {"matrices as 1x1 + bias + relu",
       [] { return Forward({2048, 1, 1001, 1, 1, 0}, kBrain, {.bias = kBrain, .relu = kNoEnd}); }},
      {"matrices + bias to float32", [] { return Product(kBrain, kFloat, kFloat, 1001); }},
      {"float32 matrices + bias", [] { return Product(kFloat, kFloat, kFloat, 1001); }},
      {"sum over images", [] { return Reduced(Reduce::kSum, true); }},
      {"sum over pixels", [] { return Reduced(Reduce::kSum, false); }},
      {"largest over images", [] { return Reduced(Reduce::kMax, true); }},
  };
}

}  // namespace slimnet::cudnn::testing
