#include "backends/cudnn/graph/lower.h"

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace at = abi::attribute;
namespace desc = abi::descriptor;

int DataOf(DType type) {
  switch (type) {
    case DType::kFloat32:
      return abi::data::kFloat;
    case DType::kFloat16:
      return abi::data::kHalf;
    case DType::kBFloat16:
      return abi::data::kBFloat16;
    case DType::kInt8:
      return abi::data::kInt8;
    case DType::kInt32:
      return abi::data::kInt32;
    case DType::kInt64:
      return abi::data::kInt64;
    case DType::kUInt8:
      return abi::data::kUInt8;
    case DType::kBool:
      return abi::data::kBoolean;
    default:
      throw Error(ErrorCode::kInternal, "cuDNN has no " + std::string(Name(type)) + " tensors.");
  }
}

int ModeOf(Pointwise mode) {
  namespace pw = abi::pointwise;
  switch (mode) {
    case Pointwise::kIdentity:
      return pw::kIdentity;
    case Pointwise::kNegate:
      return pw::kNeg;
    case Pointwise::kAbs:
      return pw::kAbs;
    case Pointwise::kExp:
      return pw::kExp;
    case Pointwise::kLog:
      return pw::kLog;
    case Pointwise::kSqrt:
      return pw::kSqrt;
    case Pointwise::kRsqrt:
      return pw::kRsqrt;
    case Pointwise::kReciprocal:
      return pw::kReciprocal;
    case Pointwise::kTanh:
      return pw::kTanhFwd;
    case Pointwise::kSigmoid:
      return pw::kSigmoidFwd;
    case Pointwise::kElu:
      return pw::kEluFwd;
    case Pointwise::kRelu:
      return pw::kReluFwd;
    case Pointwise::kAdd:
      return pw::kAdd;
    case Pointwise::kSub:
      return pw::kSub;
    case Pointwise::kMul:
      return pw::kMul;
    case Pointwise::kDiv:
      return pw::kDiv;
    case Pointwise::kMax:
      return pw::kMax;
    case Pointwise::kMin:
      return pw::kMin;
    case Pointwise::kEqual:
      return pw::kCmpEq;
    case Pointwise::kNotEqual:
      return pw::kCmpNeq;
    case Pointwise::kGreater:
      return pw::kCmpGt;
    case Pointwise::kGreaterEqual:
      return pw::kCmpGe;
    case Pointwise::kLess:
      return pw::kCmpLt;
    case Pointwise::kLessEqual:
      return pw::kCmpLe;
    case Pointwise::kReluBackward:
      return pw::kReluBwd;
    case Pointwise::kTanhBackward:
      return pw::kTanhBwd;
    case Pointwise::kSigmoidBackward:
      return pw::kSigmoidBwd;
    case Pointwise::kEluBackward:
      return pw::kEluBwd;
    case Pointwise::kSelect:
      return pw::kBinarySelect;
  }
  throw Error(ErrorCode::kInternal, "An operation graph has an unknown pointwise step.");
}

// Makes one descriptor after the other. Those that operations refer to live as long as it does.
class Lowering {
 public:
  Lowering(const std::shared_ptr<const Library>& library, const Graph& graph, const Target& target)
      : library_(library), graph_(graph), target_(target) {}

  Descriptor Run() {
    for (size_t i = 0; i < graph_.tensors().size(); ++i) {
      tensors_.push_back(TensorOf(graph_.tensors()[i], static_cast<int64_t>(i + 1)));
    }
    for (const Step& step : graph_.steps()) {
      std::visit([this](const auto& known) { Add(known); }, step);
    }
    Descriptor whole = New(desc::kOperationGraph, "the operation graph");
    target_.OfGraph(whole);
    whole.SetDescriptors(at::kOperationGraphOps, operations_);
    whole.Finalize();
    return whole;
  }

 private:
  Descriptor New(abi::DescriptorType type, const char* what) { return Descriptor(library_, type, what); }

  Descriptor TensorOf(const TensorInfo& info, int64_t id) {
    Descriptor tensor = New(desc::kTensor, "a tensor");
    tensor.SetData(at::kTensorDataType, DataOf(info.type));
    tensor.SetInts(at::kTensorDimensions, info.extents);
    tensor.SetInts(at::kTensorStrides, info.strides);
    tensor.SetInt(at::kTensorUniqueId, id);
    tensor.SetInt(at::kTensorByteAlignment, static_cast<int64_t>(info.alignment));
    if (info.kind == TensorKind::kVirtual) tensor.SetBool(at::kTensorIsVirtual, true);
    if (info.kind == TensorKind::kByValue) tensor.SetBool(at::kTensorIsByValue, true);
    tensor.Finalize();
    return tensor;
  }

  void Connect(Descriptor& operation, abi::Attribute port, Tensor tensor) {
    if (tensor) operation.SetDescriptor(port, tensors_[static_cast<size_t>(tensor.id - 1)]);
  }

  void Push(Descriptor operation) {
    operation.Finalize();
    operations_.push_back(std::move(operation));
  }

  Descriptor ConvolutionOf(const ConvolutionStep& step) {
    const bool integers = graph_.info(step.x).type == DType::kInt8;
    Descriptor convolution = New(desc::kConvolution, "a convolution");
    convolution.SetData(at::kConvolutionCompType, integers ? abi::data::kInt32 : abi::data::kFloat);
    convolution.SetEnum(at::kConvolutionConvMode, abi::type::kConvolutionMode, abi::kCrossCorrelation);
    convolution.SetInt(at::kConvolutionSpatialDims, 2);
    convolution.SetInts(at::kConvolutionPrePaddings, step.window.before);
    convolution.SetInts(at::kConvolutionPostPaddings, step.window.after);
    convolution.SetInts(at::kConvolutionFilterStrides, step.window.strides);
    convolution.SetInts(at::kConvolutionDilations, step.window.dilations);
    convolution.Finalize();
    return convolution;
  }

  void Add(const ConvolutionStep& step) {
    struct Names {
      abi::DescriptorType type;
      const char* what;
      abi::Attribute x, w, y, convolution, alpha, beta;
    };
    static constexpr std::array<Names, 3> kNames{{
        {desc::kOperationConvolutionForward, "a convolution", at::kConvolutionForwardX, at::kConvolutionForwardW,
         at::kConvolutionForwardY, at::kConvolutionForwardConvDesc, at::kConvolutionForwardAlpha,
         at::kConvolutionForwardBeta},
        {desc::kOperationConvolutionBackwardData, "a convolution's gradient of data", at::kConvolutionBwdDataDx,
         at::kConvolutionBwdDataW, at::kConvolutionBwdDataDy, at::kConvolutionBwdDataConvDesc,
         at::kConvolutionBwdDataAlpha, at::kConvolutionBwdDataBeta},
        {desc::kOperationConvolutionBackwardFilter, "a convolution's gradient of a filter", at::kConvolutionBwdFilterX,
         at::kConvolutionBwdFilterDw, at::kConvolutionBwdFilterDy, at::kConvolutionBwdFilterConvDesc,
         at::kConvolutionBwdFilterAlpha, at::kConvolutionBwdFilterBeta},
    }};
    const Names& names = kNames[static_cast<size_t>(step.direction)];
    const Descriptor convolution = ConvolutionOf(step);
    Descriptor operation = New(names.type, names.what);
    Connect(operation, names.x, step.x);
    Connect(operation, names.w, step.w);
    Connect(operation, names.y, step.y);
    operation.SetDescriptor(names.convolution, convolution);
    operation.SetFloat(names.alpha, 1);
    operation.SetFloat(names.beta, 0);
    Push(std::move(operation));
  }

  void Add(const PointwiseStep& step) {
    Descriptor pointwise = New(desc::kPointwise, "a pointwise step");
    pointwise.SetEnum(at::kPointwiseMode, abi::type::kPointwiseMode, ModeOf(step.mode));
    pointwise.SetData(at::kPointwiseMathPrec, abi::data::kFloat);
    if (step.mode == Pointwise::kRelu || step.mode == Pointwise::kReluBackward) {
      // Only what differs from the defaults: engines are refused for attributes that are set, whatever to.
      const PointwiseOptions usual;
      const PointwiseOptions& options = step.options;
      if (options.lower != usual.lower) pointwise.SetDouble(at::kPointwiseReluLowerClip, options.lower);
      if (options.upper != usual.upper) pointwise.SetDouble(at::kPointwiseReluUpperClip, options.upper);
      if (options.slope != usual.slope) pointwise.SetDouble(at::kPointwiseReluLowerClipSlope, options.slope);
    }
    if (step.mode == Pointwise::kElu || step.mode == Pointwise::kEluBackward) {
      pointwise.SetDouble(at::kPointwiseEluAlpha, step.options.alpha);
    }
    pointwise.Finalize();
    const bool backward = step.mode >= Pointwise::kReluBackward && step.mode <= Pointwise::kEluBackward;
    Descriptor operation = New(desc::kOperationPointwise, "a pointwise step");
    operation.SetDescriptor(at::kOperationPointwiseDescriptor, pointwise);
    Connect(operation, at::kOperationPointwiseX, step.x);
    Connect(operation, backward ? at::kOperationPointwiseDy : at::kOperationPointwiseB, step.b);
    Connect(operation, at::kOperationPointwiseT, step.t);
    Connect(operation, backward ? at::kOperationPointwiseDx : at::kOperationPointwiseY, step.y);
    Push(std::move(operation));
  }

  void Add(const MatmulStep& step) {
    const bool integers = graph_.info(step.a).type == DType::kInt8;
    Descriptor matmul = New(desc::kMatmul, "a matrix product");
    matmul.SetData(at::kMatmulCompType, integers ? abi::data::kInt32 : abi::data::kFloat);
    matmul.Finalize();
    Descriptor operation = New(desc::kOperationMatmul, "a matrix product");
    Connect(operation, at::kOperationMatmulA, step.a);
    Connect(operation, at::kOperationMatmulB, step.b);
    Connect(operation, at::kOperationMatmulC, step.c);
    operation.SetDescriptor(at::kOperationMatmulDesc, matmul);
    Push(std::move(operation));
  }

  void Add(const ReductionStep& step) {
    static constexpr std::array kModes = {abi::reduce::kAdd, abi::reduce::kMul, abi::reduce::kMax, abi::reduce::kMin};
    Descriptor reduction = New(desc::kReduction, "a reduction");
    reduction.SetEnum(at::kReductionOperator, abi::type::kReductionOperator, kModes[static_cast<size_t>(step.mode)]);
    reduction.SetData(at::kReductionCompType, abi::data::kFloat);
    reduction.Finalize();
    Descriptor operation = New(desc::kOperationReduction, "a reduction");
    Connect(operation, at::kOperationReductionX, step.x);
    Connect(operation, at::kOperationReductionY, step.y);
    operation.SetDescriptor(at::kOperationReductionDesc, reduction);
    Push(std::move(operation));
  }

  static void SetFractions(Descriptor& resample, abi::Attribute attribute, const Window::Pair& values) {
    const std::array<abi::Fraction, 2> fractions{{{values[0], 1}, {values[1], 1}}};
    resample.Set(attribute, abi::type::kFraction, 2, fractions.data());
  }

  void Add(const PoolingStep& step) {
    static constexpr std::array kModes = {abi::resample::kMaxpool, abi::resample::kAvgpoolExcludePadding,
                                          abi::resample::kAvgpoolIncludePadding};
    Descriptor resample = New(desc::kResample, "pooling");
    resample.SetEnum(at::kResampleMode, abi::type::kResampleMode, kModes[static_cast<size_t>(step.mode)]);
    resample.SetData(at::kResampleCompType, abi::data::kFloat);
    resample.SetInt(at::kResampleSpatialDims, 2);
    resample.SetEnum(at::kResamplePaddingMode, abi::type::kPaddingMode,
                     step.mode == Pool::kMax ? abi::resample::kNegInfPad : abi::resample::kZeroPad);
    SetFractions(resample, at::kResampleWindowDims, step.window.size);
    SetFractions(resample, at::kResampleStrides, step.window.strides);
    SetFractions(resample, at::kResamplePrePaddings, step.window.before);
    SetFractions(resample, at::kResamplePostPaddings, step.window.after);
    resample.Finalize();
    const bool backward = step.backward;
    Descriptor operation = New(backward ? desc::kOperationResampleBwd : desc::kOperationResampleFwd, "pooling");
    operation.SetDescriptor(backward ? at::kOperationResampleBwdDesc : at::kOperationResampleFwdDesc, resample);
    Connect(operation, backward ? at::kOperationResampleBwdDx : at::kOperationResampleFwdX, step.x);
    Connect(operation, backward ? at::kOperationResampleBwdDy : at::kOperationResampleFwdY, step.y);
    Connect(operation, backward ? at::kOperationResampleBwdIdx : at::kOperationResampleFwdIdx, step.index);
    operation.SetDouble(backward ? at::kOperationResampleBwdAlpha : at::kOperationResampleFwdAlpha, 1);
    operation.SetDouble(backward ? at::kOperationResampleBwdBeta : at::kOperationResampleFwdBeta, 0);
    Push(std::move(operation));
  }

  void Add(const StatisticsStep& step) {
    Descriptor operation = New(desc::kOperationGenStats, "sums of channels");
    operation.SetEnum(at::kGenstatsMode, abi::type::kGenstatsMode, abi::kGenstatsSumSqSum);
    operation.SetData(at::kGenstatsMathPrec, abi::data::kFloat);
    Connect(operation, at::kGenstatsX, step.x);
    Connect(operation, at::kGenstatsSum, step.sum);
    Connect(operation, at::kGenstatsSqSum, step.square_sum);
    Push(std::move(operation));
  }

  void Add(const NormForwardStep& step) {
    Descriptor operation = New(desc::kOperationNormForward, "batch norm");
    operation.SetEnum(at::kNormFwdMode, abi::type::kNormMode, abi::kBatchNorm);
    operation.SetEnum(at::kNormFwdPhase, abi::type::kNormFwdPhase,
                      step.training ? abi::kNormFwdTraining : abi::kNormFwdInference);
    Connect(operation, at::kNormFwdX, step.x);
    Connect(operation, at::kNormFwdMean, step.mean);
    Connect(operation, at::kNormFwdInvVariance, step.inverse_deviation);
    Connect(operation, at::kNormFwdScale, step.scale);
    Connect(operation, at::kNormFwdBias, step.bias);
    Connect(operation, at::kNormFwdEpsilon, step.epsilon);
    Connect(operation, at::kNormFwdY, step.y);
    Push(std::move(operation));
  }

  void Add(const NormBackwardStep& step) {
    Descriptor operation = New(desc::kOperationNormBackward, "batch norm's gradient");
    operation.SetEnum(at::kNormBwdMode, abi::type::kNormMode, abi::kBatchNorm);
    Connect(operation, at::kNormBwdX, step.x);
    Connect(operation, at::kNormBwdDy, step.dy);
    Connect(operation, at::kNormBwdMean, step.mean);
    Connect(operation, at::kNormBwdInvVariance, step.inverse_deviation);
    Connect(operation, at::kNormBwdScale, step.scale);
    Connect(operation, at::kNormBwdDx, step.dx);
    Connect(operation, at::kNormBwdDScale, step.dscale);
    Connect(operation, at::kNormBwdDBias, step.dbias);
    Push(std::move(operation));
  }

  void Add(const NormFinalizeStep& step) {
    Descriptor operation = New(desc::kOperationBnFinalizeStatistics, "batch norm's statistics");
    operation.SetEnum(at::kBnFinalizeStatsMode, abi::type::kBnFinalizeStatsMode, abi::kBnFinalizeTraining);
    operation.SetData(at::kBnFinalizeMathPrec, abi::data::kFloat);
    Connect(operation, at::kBnFinalizeYSum, step.sum);
    Connect(operation, at::kBnFinalizeYSqSum, step.square_sum);
    Connect(operation, at::kBnFinalizeScale, step.scale);
    Connect(operation, at::kBnFinalizeBias, step.bias);
    Connect(operation, at::kBnFinalizePrevRunningMean, step.previous_mean);
    Connect(operation, at::kBnFinalizePrevRunningVar, step.previous_variance);
    Connect(operation, at::kBnFinalizeUpdatedRunningMean, step.updated_mean);
    Connect(operation, at::kBnFinalizeUpdatedRunningVar, step.updated_variance);
    Connect(operation, at::kBnFinalizeSavedMean, step.mean);
    Connect(operation, at::kBnFinalizeSavedInvStd, step.inverse_deviation);
    Connect(operation, at::kBnFinalizeEqScale, step.equivalent_scale);
    Connect(operation, at::kBnFinalizeEqBias, step.equivalent_bias);
    Connect(operation, at::kBnFinalizeEpsilon, step.epsilon);
    Connect(operation, at::kBnFinalizeExpAverateFactor, step.factor);
    Connect(operation, at::kBnFinalizeAccumCount, step.count);
    Push(std::move(operation));
  }

  std::shared_ptr<const Library> library_;
  const Graph& graph_;
  const Target& target_;
  std::vector<Descriptor> tensors_;
  std::vector<Descriptor> operations_;
};

}  // namespace

Descriptor Lower(const std::shared_ptr<const Library>& library, const Graph& graph, const Target& target) {
  return Lowering(library, graph, target).Run();
}

}  // namespace slimnet::cudnn
