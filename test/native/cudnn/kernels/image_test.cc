// Batch norms, poolings and convolutions by their definition, as loops.
#include <gtest/gtest.h>

#include <limits>

#include "backends/cudnn/kernels/direct.h"
#include "backends/cudnn/kernels/norm.h"
#include "backends/cudnn/kernels/pool.h"
#include "native/cudnn/kernels/host_queue.h"
#include "native/cudnn/kernels/reference_op.h"

namespace slimnet::cudnn {
namespace {

using testing::Buffer;
using testing::Data;
using testing::ExpectClose;
using testing::HostQueue;
using testing::Numbers;
using testing::OnReference;
using testing::PrecisionOf;
using testing::Random;
using testing::Stored;
using testing::UnitOf;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
using Kind = PostOp::Kind;

Floats Of(Data& data) {
  return {data.data(), data.encoding ? data.encoding->dtype : DType::kFloat32, data.encoding ? data.encoding->step : 0};
}

std::vector<TailOp> TailOf(const std::vector<Kind>& kinds, std::vector<Data>& operands) {
  std::vector<TailOp> tail;
  size_t next = 0;
  for (const Kind kind : kinds) {
    tail.push_back({static_cast<TailKind>(kind), {}});
    if (Info(kind).has_operand) tail.back().operand = Of(operands[next++]);
  }
  return tail;
}

Buffer<float> ScratchOf(size_t bytes) { return Buffer<float>((bytes + 3) / 4, kNan); }

const std::vector<std::optional<Encoding>> kFloatEncodings{std::nullopt, Encoding{DType::kBFloat16, 0}};

TEST(NormKernels, NormalizeByStoredStatistics) {
  for (const int64_t channels : {1, 3, 8, 24}) {
    for (const auto& in : testing::kEncodings) {
      for (const auto& out : testing::kEncodings) {
        for (const std::vector<Kind>& kinds : {std::vector<Kind>{}, {Kind::kRelu}}) {
          const Shape shape{2, 3, channels};
          Data x = Stored(shape, Random(ElementCount(shape)), in);
          Data scale = Stored({channels}, Random(channels, 0.5, 1, 2), {});
          Data offset = Stored({channels}, Random(channels, -1, 1, 3), {});
          Data mean = Stored({channels}, Random(channels, -1, 1, 4), {});
          Data variance = Stored({channels}, Random(channels, 0.5, 2, 5), {});
          const Data expected = OnReference({BatchNormAttrs{0.001}, {x, scale, offset, mean, variance}, out, kinds})[0];
          Data y = expected;
          std::vector<Data> none;
          const NormShape norm{6, channels, 0.001, false};
          Buffer<float> scratch = ScratchOf(NormInferenceScratchBytes(norm));
          HostQueue queue;
          NormInference(queue, norm, Of(x), {scale.data(), offset.data(), mean.data(), variance.data()}, Of(y),
                        TailOf(kinds, none), scratch.data());
          queue.Wait();
          ExpectClose(Numbers(y), Numbers(expected), PrecisionOf(out), UnitOf(out), "batch_norm");
        }
      }
    }
  }
}

struct TrainingCase {
  int64_t rows, channels;
  float centre = 0;
};
const std::vector<TrainingCase> kTraining{{1, 3}, {2, 1}, {6, 5}, {50, 8}, {3000, 3}, {40, 40, 1000}, {40000, 2}};

TEST(NormKernels, TrainAsTheReferenceDoes) {
  for (const TrainingCase& c : kTraining) {
    for (const bool bessel : {false, true}) {
      for (const auto& encoding : kFloatEncodings) {
        if (encoding && c.centre != 0) continue;
        for (const std::vector<Kind>& kinds : {std::vector<Kind>{}, {Kind::kAdd, Kind::kRelu}}) {
          const Shape shape{c.rows, c.channels};
          const int64_t count = c.rows * c.channels;
          Data x = Stored(shape, Random(count, c.centre - 1, c.centre + 2), encoding);
          Data scale = Stored({c.channels}, Random(c.channels, 0.5, 2, 2), {});
          Data offset = Stored({c.channels}, Random(c.channels, -1, 1, 3), {});
          std::vector<Data> operands;
          if (!kinds.empty()) operands.push_back(Stored(shape, Random(count, -1, 1, 6), encoding));
          const std::vector<Data> expected = OnReference({BatchNormTrainingAttrs{.epsilon = 0.01, .bessel = bessel},
                                                          {x, scale, offset},
                                                          encoding,
                                                          kinds,
                                                          operands});
          std::vector<Data> results = expected;
          for (Data& result : results) std::fill(result.bytes.begin(), result.bytes.end(), std::byte{1});
          const NormShape norm{c.rows, c.channels, 0.01, bessel};
          Buffer<float> scratch = ScratchOf(NormTrainingScratchBytes(norm));
          HostQueue queue;
          NormTraining(queue, norm, Of(x), {scale.data(), offset.data(), results[1].data(), results[2].data()},
                       Of(results[0]), TailOf(kinds, operands), scratch.data());
          queue.Wait();
          // A mean of 1000 has digits to lose behind the point.
          const double precision = c.centre == 0 ? PrecisionOf(encoding) : 1e-3;
          ExpectClose(Numbers(results[0]), Numbers(expected[0]), precision, 0.1, "y");
          ExpectClose(Numbers(results[1]), Numbers(expected[1]), 1e-6, 1e-3, "mean");
          ExpectClose(Numbers(results[2]), Numbers(expected[2]), 1e-6, 1e-3, "variance");
        }
      }
    }
  }
}

TEST(NormKernels, GiveNanWhereThereIsOneAndWhereThereIsNothing) {
  for (const int64_t rows : {0, 20}) {
    std::vector<float> values = Random(rows * 3);
    if (rows > 0) {
      values[0] = kNan;
      values[4] = std::numeric_limits<float>::infinity();
    }
    Data x = Stored({rows, 3}, values, {});
    Data ones = Stored({3}, {1, 1, 1}, {});
    const std::vector<Data> expected = OnReference({BatchNormTrainingAttrs{.epsilon = 0.01}, {x, ones, ones}});
    std::vector<Data> results = expected;
    const NormShape norm{rows, 3, 0.01, false};
    Buffer<float> scratch = ScratchOf(NormTrainingScratchBytes(norm));
    HostQueue queue;
    NormTraining(queue, norm, Of(x), {ones.data(), ones.data(), results[1].data(), results[2].data()}, Of(results[0]),
                 {}, scratch.data());
    queue.Wait();
    for (size_t i = 0; i < 3; ++i) ExpectClose(Numbers(results[i]), Numbers(expected[i]), 1e-5, 0.1, "result");
  }
}

TEST(NormKernels, GoBackAsTheReferenceDoes) {
  for (const TrainingCase& c : kTraining) {
    if (c.centre != 0) continue;
    for (const bool bessel : {false, true}) {
      for (const auto& encoding : kFloatEncodings) {
        for (const double limit : {0.0, 6.0, std::numeric_limits<double>::infinity()}) {  // 0: no rectifier
          for (const std::vector<Kind>& kinds : {std::vector<Kind>{}, {Kind::kAdd}}) {
            const Shape shape{c.rows, c.channels};
            const int64_t count = c.rows * c.channels;
            Data x = Stored(shape, Random(count, -1, 2), encoding);
            Data dy = Stored(shape, Random(count, -1, 1, 7), encoding);
            Data scale = Stored({c.channels}, Random(c.channels, 0.5, 2, 2), {});
            Data offset = Stored({c.channels}, Random(c.channels, -0.2F, 0.2F, 3), {});
            Data mean = Stored({c.channels}, Random(c.channels, 0.4F, 0.6F, 4), {});
            Data variance = Stored({c.channels}, Random(c.channels, 0.5, 1, 5), {});
            std::vector<Data> operands;
            if (!kinds.empty()) operands.push_back(Stored(shape, Random(count, -1, 1, 6), encoding));
            const bool masked = limit != 0;
            const std::vector<Data> expected =
                masked ? OnReference(
                             {BatchNormTrainingReluBackwardAttrs{.epsilon = 0.01, .bessel = bessel, .limit = limit},
                              {x, scale, offset, mean, variance, dy},
                              encoding,
                              kinds,
                              operands})
                       : OnReference({BatchNormTrainingBackwardAttrs{.epsilon = 0.01, .bessel = bessel},
                                      {x, scale, mean, variance, dy},
                                      encoding,
                                      kinds,
                                      operands});
            std::vector<Data> results = expected;
            for (Data& result : results) std::fill(result.bytes.begin(), result.bytes.end(), std::byte{1});
            const NormShape norm{c.rows, c.channels, 0.01, bessel};
            Buffer<float> scratch = ScratchOf(NormBackwardScratchBytes(norm));
            HostQueue queue;
            NormBackward(queue, norm, Of(x), Of(dy),
                         {scale.data(), masked ? offset.data() : DevicePtr(), mean.data(), variance.data()},
                         {masked, static_cast<float>(limit)}, Of(results[0]), results[1].data(), results[2].data(),
                         TailOf(kinds, operands), scratch.data());
            queue.Wait();
            ExpectClose(Numbers(results[0]), Numbers(expected[0]), 2 * PrecisionOf(encoding), 1, "dx");
            ExpectClose(Numbers(results[1]), Numbers(expected[1]), 1e-5, 1, "dscale");
            ExpectClose(Numbers(results[2]), Numbers(expected[2]), 1e-6, 1, "doffset");
          }
        }
      }
    }
  }
}

struct PoolCase {
  Shape shape;
  std::vector<int64_t> ksize, strides, pads;
};
const std::vector<PoolCase> kPools{
    {{2, 7, 9, 8}, {3, 3}, {2, 2}, {1, 1, 1, 1}},  {{2, 7, 9, 3}, {3, 2}, {2, 3}, {0, 1, 1, 0}},
    {{1, 5, 5, 16}, {1, 1}, {2, 2}, {0, 0, 0, 0}}, {{3, 4, 4, 5}, {4, 4}, {1, 1}, {0, 0, 0, 0}},
    {{1, 9, 9, 8}, {2, 2}, {4, 4}, {0, 0, 0, 0}},  {{0, 4, 4, 8}, {2, 2}, {2, 2}, {0, 0, 0, 0}},
};

template <class Pool>
Pool AttrsOf(const PoolCase& c) {
  Pool attrs;
  std::copy(c.ksize.begin(), c.ksize.end(), attrs.ksize.begin());
  std::copy(c.strides.begin(), c.strides.end(), attrs.strides.begin());
  std::copy(c.pads.begin(), c.pads.end(), attrs.pads.begin());
  return attrs;
}

PixelWindow WindowOf(const PoolCase& c, const Shape& out) {
  return {{c.shape[1], out[1], c.ksize[0], Divider(c.strides[0]), 1, c.pads[0]},
          {c.shape[2], out[2], c.ksize[1], Divider(c.strides[1]), 1, c.pads[2]},
          c.shape[0],
          c.shape[3]};
}

TEST(PoolKernels, AgreeWithTheReference) {
  for (const PoolCase& c : kPools) {
    for (const auto& encoding : testing::kEncodings) {
      for (const bool max : {true, false}) {
        std::vector<float> values = Random(ElementCount(c.shape), 0, 3);
        if (!encoding && values.size() > 50) values[17] = kNan;
        Data x = Stored(c.shape, values, encoding);
        const Attrs attrs = max ? Attrs(AttrsOf<MaxPool2dAttrs>(c)) : Attrs(AttrsOf<AvgPool2dAttrs>(c));
        const Data expected = OnReference({attrs, {x}, encoding})[0];
        Data y = expected;
        std::fill(y.bytes.begin(), y.bytes.end(), std::byte{1});
        HostQueue queue;
        (max ? MaxPool : AvgPool)(queue, WindowOf(c, expected.type.shape), Of(x), Of(y));
        queue.Wait();
        ExpectClose(Numbers(y), Numbers(expected), max ? 0 : PrecisionOf(encoding), UnitOf(encoding), "pool");
      }
    }
  }
}

TEST(PoolKernels, GoBackAsTheReferenceDoes) {
  for (const PoolCase& c : kPools) {
    for (const auto& encoding : kFloatEncodings) {
      std::vector<float> values = Random(ElementCount(c.shape), 0, 4);
      for (float& value : values) value = std::floor(value);  // ties
      if (values.size() > 50) values[17] = values[18] = kNan;
      Data x = Stored(c.shape, values, encoding);
      const Shape out = OnReference({AttrsOf<MaxPool2dAttrs>(c), {x}, encoding})[0].type.shape;
      Data dy = Stored(out, Random(ElementCount(out)), encoding);
      for (const bool max : {true, false}) {
        Attrs attrs;
        if (max) {
          attrs = AttrsOf<MaxPool2dBackwardAttrs>(c);
        } else {
          auto avg = AttrsOf<AvgPool2dBackwardAttrs>(c);
          avg.x_shape = c.shape;
          attrs = avg;
        }
        const Data expected = OnReference({attrs, max ? std::vector<Data>{x, dy} : std::vector<Data>{dy}, encoding})[0];
        Data dx = expected;
        std::fill(dx.bytes.begin(), dx.bytes.end(), std::byte{1});
        const PixelWindow window = WindowOf(c, out);
        Buffer<int32_t> scratch(MaxPoolBackwardScratchBytes(window) / sizeof(int32_t), -9);
        HostQueue queue;
        if (max) {
          MaxPoolBackward(queue, window, Of(x), Of(dy), Of(dx), scratch.data());
        } else {
          AvgPoolBackward(queue, window, Of(dy), Of(dx));
        }
        queue.Wait();
        ExpectClose(Numbers(dx), Numbers(expected), max ? 0 : PrecisionOf(encoding), UnitOf(encoding), "dx");
      }
    }
  }
}

struct ConvCase {
  Shape x, filter;
  std::array<int64_t, 2> strides{1, 1}, dilations{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0};
};

TEST(DirectGradients, AgreeWithTheReference) {
  const std::vector<ConvCase> cases{
      {{2, 5, 6, 3}, {3, 3, 3, 4}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
      {{1, 9, 8, 2}, {3, 2, 2, 5}, {2, 3}, {2, 1}, {2, 0, 1, 1}},
      {{2, 4, 4, 7}, {1, 1, 7, 1}, {2, 2}},
      {{0, 4, 4, 2}, {1, 1, 2, 3}},
  };
  for (const ConvCase& c : cases) {
    Data x = Stored(c.x, Random(ElementCount(c.x)), {});
    Data filter = Stored(c.filter, Random(ElementCount(c.filter), -1, 1, 2), {});
    const Shape out = OnReference({Conv2dAttrs{c.strides, c.dilations, c.pads}, {x, filter}})[0].type.shape;
    const Convolution convolution{{{c.x[1], out[1], c.filter[0], Divider(c.strides[0]), c.dilations[0], c.pads[0]},
                                   {c.x[2], out[2], c.filter[1], Divider(c.strides[1]), c.dilations[1], c.pads[2]},
                                   c.x[0],
                                   c.x[3]},
                                  c.filter[3]};
    Data dy = Stored(out, Random(ElementCount(out), -1, 1, 3), {});
    Data dx = OnReference(
        {Conv2dBackwardDataAttrs{.strides = c.strides, .dilations = c.dilations, .pads = c.pads, .x_shape = c.x},
         {filter, dy}})[0];
    Data dfilter =
        OnReference({Conv2dBackwardFilterAttrs{
                         .strides = c.strides, .dilations = c.dilations, .pads = c.pads, .filter_shape = c.filter},
                     {x, dy}})[0];
    const std::vector<float> expected_dx = Numbers(dx);
    const std::vector<float> expected_dfilter = Numbers(dfilter);
    std::fill(dx.bytes.begin(), dx.bytes.end(), std::byte{1});
    std::fill(dfilter.bytes.begin(), dfilter.bytes.end(), std::byte{1});
    HostQueue queue;
    DirectBackwardData(queue, convolution, Of(filter), Of(dy), Of(dx));
    DirectBackwardFilter(queue, convolution, Of(x), Of(dy), Of(dfilter));
    queue.Wait();
    ExpectClose(Numbers(dx), expected_dx, 1e-6, 1, "dx");
    ExpectClose(Numbers(dfilter), expected_dfilter, 1e-6, 1, "dfilter");
  }
}

}  // namespace
}  // namespace slimnet::cudnn
