// The part of cuDNN's C interface that we call, declared here: no header of cuDNN and none of CUDA is needed to build.
// The numbers are those of every cuDNN 9 (a test compares them with the headers of the pinned one).
#pragma once

#include <cstddef>
#include <cstdint>

namespace slimnet::cudnn {

namespace abi {

using Status = int;          // cudnnStatus_t; 0 is success
using Handle = void*;        // cudnnHandle_t
using Descriptor = void*;    // cudnnBackendDescriptor_t
using Stream = void*;        // cudaStream_t
using DescriptorType = int;  // cudnnBackendDescriptorType_t
using Attribute = int;       // cudnnBackendAttributeName_t
using AttributeType = int;   // cudnnBackendAttributeType_t
struct Fraction {            // cudnnFraction_t
  int64_t numerator;
  int64_t denominator;
};

// Statuses come in thousands.
inline constexpr Status kSuccess = 0;
inline constexpr Status kNotSupported = 3000;
inline constexpr Status kHostAllocationFailed = 4003, kDeviceAllocationFailed = 4004;

namespace type {  // of attributes: CUDNN_TYPE_
inline constexpr AttributeType kHandle = 0, kDataType = 1, kBoolean = 2, kInt64 = 3, kFloat = 4, kDouble = 5,
                               kVoidPtr = 6, kConvolutionMode = 7, kHeurMode = 8, kNumericalNote = 11,
                               kPointwiseMode = 14, kDescriptor = 15, kGenstatsMode = 16, kBnFinalizeStatsMode = 17,
                               kReductionOperator = 18, kBehaviorNote = 19, kResampleMode = 21, kPaddingMode = 22,
                               kChar = 24, kFraction = 26, kNormMode = 27, kNormFwdPhase = 28;
}  // namespace type

namespace descriptor {  // CUDNN_BACKEND_..._DESCRIPTOR
inline constexpr DescriptorType kPointwise = 0, kConvolution = 1, kEngine = 2, kEngineCfg = 3, kEngineHeur = 4,
                                kExecutionPlan = 5, kOperationConvolutionForward = 10,
                                kOperationConvolutionBackwardFilter = 11, kOperationConvolutionBackwardData = 12,
                                kOperationPointwise = 13, kOperationGenStats = 14, kOperationGraph = 15,
                                kVariantPack = 16, kTensor = 17, kMatmul = 18, kOperationMatmul = 19,
                                kOperationBnFinalizeStatistics = 20, kReduction = 21, kOperationReduction = 22,
                                kResample = 24, kOperationResampleFwd = 25, kOperationResampleBwd = 26,
                                kOperationNormForward = 29, kOperationNormBackward = 30, kDeviceProp = 38;
}  // namespace descriptor

namespace attribute {  // CUDNN_ATTR_
inline constexpr Attribute kPointwiseMode = 0, kPointwiseMathPrec = 1, kPointwiseReluLowerClip = 3,
                           kPointwiseReluUpperClip = 4, kPointwiseReluLowerClipSlope = 5, kPointwiseEluAlpha = 6;
inline constexpr Attribute kConvolutionCompType = 100, kConvolutionConvMode = 101, kConvolutionDilations = 102,
                           kConvolutionFilterStrides = 103, kConvolutionPostPaddings = 104,
                           kConvolutionPrePaddings = 105, kConvolutionSpatialDims = 106;
inline constexpr Attribute kEngineHeurMode = 200, kEngineHeurOperationGraph = 201, kEngineHeurResults = 202,
                           kEngineHeurDeviceProp = 204;
inline constexpr Attribute kEngineCfgEngine = 300;
inline constexpr Attribute kExecutionPlanHandle = 400, kExecutionPlanEngineConfig = 401,
                           kExecutionPlanWorkspaceSize = 402, kExecutionPlanJsonRepresentation = 405,
                           kExecutionPlanDeviceProp = 407;
inline constexpr Attribute kConvolutionForwardAlpha = 700, kConvolutionForwardBeta = 701,
                           kConvolutionForwardConvDesc = 702, kConvolutionForwardW = 703, kConvolutionForwardX = 704,
                           kConvolutionForwardY = 705;
inline constexpr Attribute kConvolutionBwdDataAlpha = 706, kConvolutionBwdDataBeta = 707,
                           kConvolutionBwdDataConvDesc = 708, kConvolutionBwdDataW = 709, kConvolutionBwdDataDx = 710,
                           kConvolutionBwdDataDy = 711;
inline constexpr Attribute kConvolutionBwdFilterAlpha = 712, kConvolutionBwdFilterBeta = 713,
                           kConvolutionBwdFilterConvDesc = 714, kConvolutionBwdFilterDw = 715,
                           kConvolutionBwdFilterX = 716, kConvolutionBwdFilterDy = 717;
inline constexpr Attribute kOperationPointwiseDescriptor = 750, kOperationPointwiseX = 751, kOperationPointwiseB = 752,
                           kOperationPointwiseY = 753, kOperationPointwiseDx = 756, kOperationPointwiseDy = 757,
                           kOperationPointwiseT = 758;
inline constexpr Attribute kGenstatsMode = 770, kGenstatsMathPrec = 771, kGenstatsX = 772, kGenstatsSum = 773,
                           kGenstatsSqSum = 774;
inline constexpr Attribute kBnFinalizeStatsMode = 780, kBnFinalizeMathPrec = 781, kBnFinalizeYSum = 782,
                           kBnFinalizeYSqSum = 783, kBnFinalizeScale = 784, kBnFinalizeBias = 785,
                           kBnFinalizePrevRunningMean = 786, kBnFinalizePrevRunningVar = 787,
                           kBnFinalizeUpdatedRunningMean = 788, kBnFinalizeUpdatedRunningVar = 789,
                           kBnFinalizeSavedMean = 790, kBnFinalizeSavedInvStd = 791, kBnFinalizeEqScale = 792,
                           kBnFinalizeEqBias = 793, kBnFinalizeAccumCount = 794, kBnFinalizeEpsilon = 795,
                           kBnFinalizeExpAverateFactor = 796;
inline constexpr Attribute kOperationGraphHandle = 800, kOperationGraphOps = 801;
inline constexpr Attribute kTensorByteAlignment = 900, kTensorDataType = 901, kTensorDimensions = 902,
                           kTensorStrides = 903, kTensorUniqueId = 906, kTensorIsVirtual = 907, kTensorIsByValue = 908;
inline constexpr Attribute kVariantPackUniqueIds = 1000, kVariantPackDataPointers = 1001, kVariantPackWorkspace = 1003;
inline constexpr Attribute kEngineGlobalIndex = 1301, kEngineNumericalNote = 1303, kEngineBehaviorNote = 1305;
inline constexpr Attribute kMatmulCompType = 1500, kOperationMatmulA = 1520, kOperationMatmulB = 1521,
                           kOperationMatmulC = 1522, kOperationMatmulDesc = 1523;
inline constexpr Attribute kReductionOperator = 1600, kReductionCompType = 1601, kOperationReductionX = 1610,
                           kOperationReductionY = 1611, kOperationReductionDesc = 1612;
inline constexpr Attribute kResampleMode = 1700, kResampleCompType = 1701, kResampleSpatialDims = 1702,
                           kResamplePostPaddings = 1703, kResamplePrePaddings = 1704, kResampleStrides = 1705,
                           kResampleWindowDims = 1706, kResamplePaddingMode = 1708;
inline constexpr Attribute kOperationResampleFwdX = 1710, kOperationResampleFwdY = 1711,
                           kOperationResampleFwdIdx = 1712, kOperationResampleFwdAlpha = 1713,
                           kOperationResampleFwdBeta = 1714, kOperationResampleFwdDesc = 1716;
inline constexpr Attribute kOperationResampleBwdDx = 1720, kOperationResampleBwdDy = 1721,
                           kOperationResampleBwdIdx = 1722, kOperationResampleBwdAlpha = 1723,
                           kOperationResampleBwdBeta = 1724, kOperationResampleBwdDesc = 1725;
inline constexpr Attribute kNormFwdMode = 2000, kNormFwdPhase = 2001, kNormFwdX = 2002, kNormFwdMean = 2003,
                           kNormFwdInvVariance = 2004, kNormFwdScale = 2005, kNormFwdBias = 2006,
                           kNormFwdEpsilon = 2007, kNormFwdY = 2013;
inline constexpr Attribute kNormBwdMode = 2100, kNormBwdX = 2101, kNormBwdMean = 2102, kNormBwdInvVariance = 2103,
                           kNormBwdDy = 2104, kNormBwdScale = 2105, kNormBwdDScale = 2107, kNormBwdDBias = 2108,
                           kNormBwdDx = 2109;
inline constexpr Attribute kDevicePropHandle = 2701, kDevicePropJsonRepresentation = 2702;
}  // namespace attribute

namespace data {  // CUDNN_DATA_
inline constexpr int kFloat = 0, kDouble = 1, kHalf = 2, kInt8 = 3, kInt32 = 4, kUInt8 = 6, kBFloat16 = 9, kInt64 = 10,
                     kBoolean = 11;
}  // namespace data

namespace pointwise {  // CUDNN_POINTWISE_
inline constexpr int kAdd = 0, kMul = 1, kMin = 2, kMax = 3, kSqrt = 4, kDiv = 6, kSub = 9, kAbs = 10, kExp = 13,
                     kLog = 15, kNeg = 16, kRsqrt = 17, kIdentity = 21, kReciprocal = 22, kReluFwd = 100,
                     kTanhFwd = 101, kSigmoidFwd = 102, kEluFwd = 103, kReluBwd = 200, kTanhBwd = 201,
                     kSigmoidBwd = 202, kEluBwd = 203, kCmpEq = 300, kCmpNeq = 301, kCmpGt = 302, kCmpGe = 303,
                     kCmpLt = 304, kCmpLe = 305, kBinarySelect = 601;
}  // namespace pointwise

namespace reduce {  // CUDNN_REDUCE_TENSOR_
inline constexpr int kAdd = 0, kMul = 1, kMin = 2, kMax = 3;
}  // namespace reduce

namespace resample {  // CUDNN_RESAMPLE_, and paddings
inline constexpr int kAvgpoolIncludePadding = 2, kMaxpool = 3, kAvgpoolExcludePadding = 4;
inline constexpr int kZeroPad = 0, kNegInfPad = 1;
}  // namespace resample

namespace note {  // CUDNN_NUMERICAL_NOTE_
inline constexpr int kTensorCore = 0, kDownConvertInputs = 1, kReducedPrecisionReduction = 2, kFft = 3,
                     kNondeterministic = 4, kWinograd = 5;
}  // namespace note

inline constexpr int kCrossCorrelation = 1;    // CUDNN_CROSS_CORRELATION
inline constexpr int kGenstatsSumSqSum = 0;    // CUDNN_GENSTATS_SUM_SQSUM
inline constexpr int kBnFinalizeTraining = 0;  // CUDNN_BN_FINALIZE_STATISTICS_TRAINING
inline constexpr int kBatchNorm = 2;           // CUDNN_BATCH_NORM
inline constexpr int kNormFwdInference = 0, kNormFwdTraining = 1;
inline constexpr int kHeurModeFallback = 2, kHeurModeA = 3;  // CUDNN_HEUR_MODE_

}  // namespace abi

// The functions, found by name in the opened library.
struct EntryPoints {
  size_t (*get_version)() = nullptr;
  const char* (*get_error_string)(abi::Status) = nullptr;
  void (*get_last_error_string)(char*, size_t) = nullptr;
  abi::Status (*create)(abi::Handle*) = nullptr;
  abi::Status (*destroy)(abi::Handle) = nullptr;
  abi::Status (*set_stream)(abi::Handle, abi::Stream) = nullptr;
  abi::Status (*create_descriptor)(abi::DescriptorType, abi::Descriptor*) = nullptr;
  abi::Status (*destroy_descriptor)(abi::Descriptor) = nullptr;
  abi::Status (*set_attribute)(abi::Descriptor, abi::Attribute, abi::AttributeType, int64_t, const void*) = nullptr;
  abi::Status (*get_attribute)(abi::Descriptor, abi::Attribute, abi::AttributeType, int64_t, int64_t*, void*) = nullptr;
  abi::Status (*finalize)(abi::Descriptor) = nullptr;
  abi::Status (*execute)(abi::Handle, abi::Descriptor, abi::Descriptor) = nullptr;
};

}  // namespace slimnet::cudnn
