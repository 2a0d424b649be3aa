#include "backends/cudnn/graph/graph.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

void Require(bool ok, const std::string& what) {
  if (!ok) throw Error(ErrorCode::kInternal, "An operation graph for cuDNN is wrong: " + what + ".");
}

std::string Listed(const Extents& extents) {
  std::string text;
  for (const int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

// NHWC for images and filters, rows for everything else. An extent of one element has the stride that it would have
// with more, as cuDNN compares strides.
Extents DenseStrides(const Extents& extents) {
  Extents strides(extents.size());
  int64_t stride = 1;
  const auto place = [&](size_t axis) {
    strides[axis] = stride;
    stride *= extents[axis];
  };
  if (extents.size() == 4) {
    for (const size_t axis : {1, 3, 2, 0}) place(axis);
  } else {
    for (size_t axis = extents.size(); axis-- > 0;) place(axis);
  }
  return strides;
}

// What every row of the innermost axis is aligned to, where the first one is aligned to 16 bytes.
size_t RowAlignment(DType type, const Extents& extents, const Extents& strides) {
  size_t alignment = 16;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis] == 1 || strides[axis] == 1) continue;
    alignment = std::gcd(alignment, static_cast<size_t>(strides[axis]) * BytesOf(type));
  }
  return std::max(alignment, BytesOf(type));
}

bool IsBackward(Pointwise mode) {
  return mode == Pointwise::kReluBackward || mode == Pointwise::kTanhBackward || mode == Pointwise::kSigmoidBackward ||
         mode == Pointwise::kEluBackward;
}

int Operands(Pointwise mode) {
  if (mode == Pointwise::kSelect) return 3;
  if (mode >= Pointwise::kAdd) return 2;
  return 1;
}

bool IsComparison(Pointwise mode) { return mode >= Pointwise::kEqual && mode <= Pointwise::kLessEqual; }

Extents Broadcast(const Extents& a, const Extents& b) {
  Require(a.size() == b.size(), Listed(a) + " and " + Listed(b) + " differ in their number of extents");
  Extents result(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    Require(a[i] == b[i] || a[i] == 1 || b[i] == 1, Listed(a) + " and " + Listed(b) + " do not broadcast");
    result[i] = std::max(a[i], b[i]);
  }
  return result;
}

int64_t Windows(int64_t extent, int64_t size, const Window& window, size_t axis) {
  const int64_t covered = window.dilations[axis] * (size - 1) + 1;
  const int64_t padded = extent + window.before[axis] + window.after[axis];
  Require(size > 0 && window.strides[axis] > 0 && padded >= covered, "no window fits into an image");
  return (padded - covered) / window.strides[axis] + 1;
}

void CheckWindows(const Extents& x, const Extents& y, const Window& window, Window::Pair size) {
  for (size_t axis = 0; axis < 2; ++axis) {
    Require(Windows(x[axis + 2], size[axis], window, axis) == y[axis + 2],
            Listed(x) + " does not give " + Listed(y) + " with these windows");
  }
}

void CheckConvolution(const Extents& x, const Extents& w, const Extents& y, const Window& window) {
  Require(x.size() == 4 && w.size() == 4 && y.size() == 4, "a convolution is of images");
  Require(w[1] > 0 && x[1] % w[1] == 0 && w[0] % (x[1] / w[1]) == 0, "channels do not fit a filter " + Listed(w));
  Require(y[0] == x[0] && y[1] == w[0], Listed(y) + " is no result of " + Listed(x) + " and " + Listed(w));
  CheckWindows(x, y, window, {w[2], w[3]});
}

// --- text ------------------------------------------------------------------------------------------------------------

void Put(std::ostream& out, const char* name, Tensor tensor) {
  if (tensor) out << ' ' << name << '=' << tensor.id;
}

void Put(std::ostream& out, const char* name, const Window::Pair& pair) {
  out << ' ' << name << '=' << pair[0] << ',' << pair[1];
}

void Put(std::ostream& out, const Window& window) {
  Put(out, "before", window.before);
  Put(out, "after", window.after);
  Put(out, "strides", window.strides);
  Put(out, "dilations", window.dilations);
  Put(out, "size", window.size);
}

void Put(std::ostream& out, const ConvolutionStep& step) {
  out << "convolution " << static_cast<int>(step.direction);
  Put(out, "x", step.x);
  Put(out, "w", step.w);
  Put(out, "y", step.y);
  Put(out, step.window);
}

void Put(std::ostream& out, const PointwiseStep& step) {
  out << "pointwise " << static_cast<int>(step.mode);
  Put(out, "x", step.x);
  Put(out, "b", step.b);
  Put(out, "t", step.t);
  Put(out, "y", step.y);
  const PointwiseOptions& options = step.options;
  out << ' ' << options.lower << ' ' << options.upper << ' ' << options.slope << ' ' << options.alpha;
}

void Put(std::ostream& out, const MatmulStep& step) {
  out << "matmul";
  Put(out, "a", step.a);
  Put(out, "b", step.b);
  Put(out, "c", step.c);
}

void Put(std::ostream& out, const ReductionStep& step) {
  out << "reduction " << static_cast<int>(step.mode);
  Put(out, "x", step.x);
  Put(out, "y", step.y);
}

void Put(std::ostream& out, const PoolingStep& step) {
  out << "pooling " << static_cast<int>(step.mode) << (step.backward ? " backward" : "");
  Put(out, "x", step.x);
  Put(out, "y", step.y);
  Put(out, "index", step.index);
  Put(out, step.window);
}

void Put(std::ostream& out, const StatisticsStep& step) {
  out << "statistics";
  Put(out, "x", step.x);
  Put(out, "sum", step.sum);
  Put(out, "square_sum", step.square_sum);
}

void Put(std::ostream& out, const NormForwardStep& step) {
  out << "norm " << (step.training ? "training" : "inference");
  Put(out, "x", step.x);
  Put(out, "mean", step.mean);
  Put(out, "inverse_deviation", step.inverse_deviation);
  Put(out, "scale", step.scale);
  Put(out, "bias", step.bias);
  Put(out, "epsilon", step.epsilon);
  Put(out, "y", step.y);
}

void Put(std::ostream& out, const NormBackwardStep& step) {
  out << "norm backward";
  Put(out, "x", step.x);
  Put(out, "dy", step.dy);
  Put(out, "mean", step.mean);
  Put(out, "inverse_deviation", step.inverse_deviation);
  Put(out, "scale", step.scale);
  Put(out, "dx", step.dx);
  Put(out, "dscale", step.dscale);
  Put(out, "dbias", step.dbias);
}

void Put(std::ostream& out, const NormFinalizeStep& step) {
  out << "norm finalize";
  Put(out, "sum", step.sum);
  Put(out, "square_sum", step.square_sum);
  Put(out, "scale", step.scale);
  Put(out, "bias", step.bias);
  Put(out, "previous_mean", step.previous_mean);
  Put(out, "previous_variance", step.previous_variance);
  Put(out, "epsilon", step.epsilon);
  Put(out, "factor", step.factor);
  Put(out, "count", step.count);
  Put(out, "updated_mean", step.updated_mean);
  Put(out, "updated_variance", step.updated_variance);
  Put(out, "mean", step.mean);
  Put(out, "inverse_deviation", step.inverse_deviation);
  Put(out, "equivalent_scale", step.equivalent_scale);
  Put(out, "equivalent_bias", step.equivalent_bias);
}

}  // namespace

int64_t TensorInfo::count() const {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<>());
}

size_t TensorInfo::bytes() const {
  int64_t last = 0;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis] == 0) return 0;
    last += (extents[axis] - 1) * strides[axis];
  }
  const auto elements = static_cast<size_t>(last + 1);
  return type == DType::kBool ? (elements + 7) / 8 : elements * BytesOf(type);
}

Tensor Graph::New(DType type, TensorKind kind, Extents extents, Extents strides, size_t alignment) {
  Require(!extents.empty(), "a tensor has no extents");
  for (const int64_t extent : extents) Require(extent > 0, "a tensor has the extents " + Listed(extents));
  if (strides.empty()) strides = DenseStrides(extents);
  Require(strides.size() == extents.size(), "a tensor has strides for other axes");
  if (alignment == 0) alignment = kind == TensorKind::kStored ? RowAlignment(type, extents, strides) : 16;
  tensors_.push_back({type, kind, std::move(extents), std::move(strides), alignment});
  return {static_cast<int64_t>(tensors_.size())};
}

Tensor Graph::Virtual(DType type, Extents extents) {
  return New(type, TensorKind::kVirtual, std::move(extents), {}, 0);
}

const TensorInfo& Graph::info(Tensor tensor) const {
  Require(tensor.id > 0 && static_cast<size_t>(tensor.id) <= tensors_.size(), "a step reads a tensor of another graph");
  return tensors_[static_cast<size_t>(tensor.id - 1)];
}

TensorInfo& Graph::Mutable(Tensor tensor) {
  info(tensor);
  return tensors_[static_cast<size_t>(tensor.id - 1)];
}

void Graph::CheckChannelwise(Tensor tensor, int64_t channels, const char* what) const {
  Require(info(tensor).extents == Extents{1, channels, 1, 1}, std::string(what) + " has not one element a channel");
}

Tensor Graph::Stored(DType type, Extents extents, Extents strides, size_t alignment) {
  return New(type, TensorKind::kStored, std::move(extents), std::move(strides), alignment);
}

Tensor Graph::ByValue(DType type, size_t rank) {
  return New(type, TensorKind::kByValue, Extents(rank, 1), Extents(rank, 1), 0);
}

void Graph::Store(Tensor tensor, DType type, Extents strides, size_t alignment) {
  TensorInfo& info = Mutable(tensor);
  Require(info.kind == TensorKind::kVirtual, "a tensor is stored that is not virtual");
  if (!strides.empty()) {
    Require(strides.size() == info.extents.size(), "a tensor has strides for other axes");
    info.strides = std::move(strides);
  }
  info.type = type;
  info.kind = TensorKind::kStored;
  info.alignment = alignment != 0 ? alignment : RowAlignment(type, info.extents, info.strides);
}

void Graph::Type(Tensor tensor, DType type) {
  TensorInfo& info = Mutable(tensor);
  Require(info.kind == TensorKind::kVirtual, "a tensor is given another type that is not virtual");
  info.type = type;
}

Tensor Graph::Convolution(Tensor x, Tensor w, const Window& window) {
  const Extents in = info(x).extents, filter = info(w).extents;
  Require(in.size() == 4 && filter.size() == 4, "a convolution is of images");
  const Extents out = {in[0], filter[0], Windows(in[2], filter[2], window, 0), Windows(in[3], filter[3], window, 1)};
  CheckConvolution(in, filter, out, window);
  const Tensor y = Virtual(info(x).type == DType::kInt8 ? DType::kInt32 : DType::kFloat32, out);
  steps_.push_back(ConvolutionStep{ConvolutionStep::Direction::kForward, x, w, y, window});
  return y;
}

Tensor Graph::ConvolutionBackwardData(Tensor dy, Tensor w, const Window& window, Extents x) {
  CheckConvolution(x, info(w).extents, info(dy).extents, window);
  const Tensor dx = Virtual(DType::kFloat32, std::move(x));
  steps_.push_back(ConvolutionStep{ConvolutionStep::Direction::kBackwardData, dx, w, dy, window});
  return dx;
}

Tensor Graph::ConvolutionBackwardFilter(Tensor x, Tensor dy, const Window& window, Extents w) {
  CheckConvolution(info(x).extents, w, info(dy).extents, window);
  const Tensor dw = Virtual(DType::kFloat32, std::move(w));
  steps_.push_back(ConvolutionStep{ConvolutionStep::Direction::kBackwardFilter, x, dw, dy, window});
  return dw;
}

Tensor Graph::Matmul(Tensor a, Tensor b) {
  const Extents left = info(a).extents, right = info(b).extents;
  Require(left.size() == 3 && right.size() == 3 && left[2] == right[1] &&
              (left[0] == right[0] || left[0] == 1 || right[0] == 1),
          Listed(left) + " and " + Listed(right) + " have no product");
  const Tensor c = Virtual(info(a).type == DType::kInt8 ? DType::kInt32 : DType::kFloat32,
                           {std::max(left[0], right[0]), left[1], right[2]});
  steps_.push_back(MatmulStep{a, b, c});
  return c;
}

Tensor Graph::Apply(Pointwise mode, Tensor x, const PointwiseOptions& options) {
  Require(Operands(mode) == 1, "a pointwise step has too few operands");
  const Tensor y = Virtual(DType::kFloat32, Extents(info(x).extents));
  steps_.push_back(PointwiseStep{mode, x, {}, {}, y, options});
  return y;
}

Tensor Graph::Apply(Pointwise mode, Tensor a, Tensor b, const PointwiseOptions& options) {
  Require(Operands(mode) == 2 && !IsBackward(mode), "a pointwise step has the wrong number of operands");
  const Tensor y =
      Virtual(IsComparison(mode) ? DType::kBool : DType::kFloat32, Broadcast(info(a).extents, info(b).extents));
  steps_.push_back(PointwiseStep{mode, a, b, {}, y, options});
  return y;
}

Tensor Graph::Select(Tensor condition, Tensor yes, Tensor no) {
  Extents extents = Broadcast(Broadcast(info(condition).extents, info(yes).extents), info(no).extents);
  const Tensor y = Virtual(DType::kFloat32, std::move(extents));
  steps_.push_back(PointwiseStep{Pointwise::kSelect, yes, no, condition, y, {}});
  return y;
}

Tensor Graph::Relu(Tensor x, double upper) {
  PointwiseOptions options;
  options.upper = upper;
  return Apply(Pointwise::kRelu, x, options);
}

Tensor Graph::Backward(Pointwise mode, Tensor dy, Tensor x, const PointwiseOptions& options) {
  Require(IsBackward(mode), "a gradient is asked of a pointwise step that is none");
  Require(info(dy).extents == info(x).extents, "a gradient and what it is of differ in their extents");
  const Tensor dx = Virtual(DType::kFloat32, Extents(info(x).extents));
  steps_.push_back(PointwiseStep{mode, x, dy, {}, dx, options});
  return dx;
}

Tensor Graph::Reduction(Reduce mode, Tensor x, Extents result) {
  const Extents& extents = info(x).extents;
  Require(Broadcast(extents, result) == extents, Listed(extents) + " is not reduced to " + Listed(result));
  const Tensor y = Virtual(DType::kFloat32, std::move(result));
  steps_.push_back(ReductionStep{mode, x, y});
  return y;
}

Tensor Graph::Pooling(Pool mode, Tensor x, const Window& window) {
  const Extents in = info(x).extents;
  Require(in.size() == 4, "pooling is of images");
  const Tensor y = Virtual(DType::kFloat32, {in[0], in[1], Windows(in[2], window.size[0], window, 0),
                                             Windows(in[3], window.size[1], window, 1)});
  steps_.push_back(PoolingStep{mode, false, x, y, {}, window});
  return y;
}

Graph::Pooled Graph::MaxPoolingWithIndex(Tensor x, const Window& window) {
  const Tensor y = Pooling(Pool::kMax, x, window);
  const Tensor index = Virtual(DType::kInt8, Extents(info(y).extents));
  std::get<PoolingStep>(steps_.back()).index = index;
  return {y, index};
}

Tensor Graph::PoolingBackward(Pool mode, Tensor dy, Tensor index, const Window& window, Extents x) {
  Require((mode == Pool::kMax) == static_cast<bool>(index),
          "max pooling backward has an index, and averages have none");
  const Extents& out = info(dy).extents;
  Require(x.size() == 4 && out.size() == 4 && x[0] == out[0] && x[1] == out[1], "pooling is of images");
  CheckWindows(x, out, window, window.size);
  if (index) Require(info(index).extents == out, "an index has the extents of the gradient");
  const Tensor dx = Virtual(DType::kFloat32, std::move(x));
  steps_.push_back(PoolingStep{mode, true, dx, dy, index, window});
  return dx;
}

Statistics Graph::ChannelStatistics(Tensor x) {
  const Extents channels = {1, info(x).extents.at(1), 1, 1};
  const Statistics sums = {Virtual(DType::kFloat32, channels), Virtual(DType::kFloat32, channels)};
  steps_.push_back(StatisticsStep{x, sums.sum, sums.square_sum});
  return sums;
}

TrainedNorm Graph::NormTraining(Tensor x, Tensor scale, Tensor bias, Tensor epsilon) {
  const Extents extents = info(x).extents;
  CheckChannelwise(scale, extents.at(1), "scale");
  CheckChannelwise(bias, extents.at(1), "bias");
  const Extents channels = {1, extents[1], 1, 1};
  TrainedNorm result;
  result.y = Virtual(DType::kFloat32, extents);
  result.mean = Virtual(DType::kFloat32, channels);
  result.inverse_deviation = Virtual(DType::kFloat32, channels);
  steps_.push_back(NormForwardStep{true, x, result.mean, result.inverse_deviation, scale, bias, epsilon, result.y});
  return result;
}

Tensor Graph::NormInference(Tensor x, Tensor mean, Tensor inverse_deviation, Tensor scale, Tensor bias) {
  const Extents extents = info(x).extents;
  for (const Tensor tensor : {mean, inverse_deviation, scale, bias}) {
    CheckChannelwise(tensor, extents.at(1), "a parameter of batch norm");
  }
  const Tensor y = Virtual(DType::kFloat32, extents);
  steps_.push_back(NormForwardStep{false, x, mean, inverse_deviation, scale, bias, {}, y});
  return y;
}

NormGradients Graph::NormBackward(Tensor x, Tensor dy, Tensor mean, Tensor inverse_deviation, Tensor scale) {
  const Extents extents = info(x).extents;
  Require(info(dy).extents == extents, "a gradient and what it is of differ in their extents");
  for (const Tensor tensor : {mean, inverse_deviation, scale}) {
    CheckChannelwise(tensor, extents.at(1), "a parameter of batch norm");
  }
  const Extents channels = {1, extents[1], 1, 1};
  NormGradients result;
  result.dx = Virtual(DType::kFloat32, extents);
  result.dscale = Virtual(DType::kFloat32, channels);
  result.dbias = Virtual(DType::kFloat32, channels);
  steps_.push_back(NormBackwardStep{x, dy, mean, inverse_deviation, scale, result.dx, result.dscale, result.dbias});
  return result;
}

FinalizedNorm Graph::NormFinalize(const Statistics& sums, Tensor scale, Tensor bias, Tensor previous_mean,
                                  Tensor previous_variance, Tensor epsilon, Tensor factor, Tensor count) {
  const Extents channels = info(sums.sum).extents;
  for (const Tensor tensor : {sums.square_sum, scale, bias, previous_mean, previous_variance}) {
    CheckChannelwise(tensor, channels.at(1), "a parameter of batch norm");
  }
  FinalizedNorm result;
  for (Tensor* tensor : {&result.mean, &result.inverse_deviation, &result.equivalent_scale, &result.equivalent_bias,
                         &result.updated_mean, &result.updated_variance}) {
    *tensor = Virtual(DType::kFloat32, channels);
  }
  steps_.push_back(NormFinalizeStep{sums.sum, sums.square_sum, scale, bias, previous_mean, previous_variance, epsilon,
                                    factor, count, result.updated_mean, result.updated_variance, result.mean,
                                    result.inverse_deviation, result.equivalent_scale, result.equivalent_bias});
  return result;
}

std::string Graph::Text() const {
  std::ostringstream out;
  out.precision(17);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& tensor = tensors_[i];
    out << i + 1 << ' ' << Name(tensor.type) << ' '
        << (tensor.kind == TensorKind::kStored    ? "stored"
            : tensor.kind == TensorKind::kVirtual ? "virtual"
                                                  : "by_value")
        << ' ' << Listed(tensor.extents) << " strides " << Listed(tensor.strides) << " aligned " << tensor.alignment
        << '\n';
  }
  for (const Step& step : steps_) {
    std::visit([&](const auto& known) { Put(out, known); }, step);
    out << '\n';
  }
  return out.str();
}

}  // namespace slimnet::cudnn
