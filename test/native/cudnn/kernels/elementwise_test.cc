// Kernels that treat each element alone, as loops.
#include "backends/cudnn/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "backends/cudnn/kernels/dropout.h"
#include "base/error.h"
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
using testing::Random;
using testing::Stored;

Floats FloatsOf(Data& data) {
  return {data.data(), data.encoding ? data.encoding->dtype : DType::kFloat32, data.encoding ? data.encoding->step : 0};
}

Data Result(Shape shape, const std::optional<Encoding>& encoding) {
  return Stored(shape, std::vector<float>(static_cast<size_t>(ElementCount(shape))), encoding);
}

TEST(Divider, DividesAsTheProcessorDoes) {
  std::mt19937_64 generator(1);
  std::vector<int64_t> divisors{1, 2, 3, 5, 7, 8, 641, 6700417, int64_t{1} << 31, (int64_t{1} << 31) - 1};
  std::vector<int64_t> dividends{0,
                                 1,
                                 2,
                                 6,
                                 7,
                                 8,
                                 (int64_t{1} << 31) - 1,
                                 int64_t{1} << 31,
                                 int64_t{1} << 32,
                                 int64_t{1} << 40,
                                 (int64_t{1} << 62) + 5};
  for (int i = 0; i < 200; ++i) {
    divisors.push_back(static_cast<int64_t>(generator() >> (generator() % 40 + 24)) + 1);
    dividends.push_back(static_cast<int64_t>(generator() >> (generator() % 60 + 2)));
  }
  for (const int64_t d : divisors) {
    const Divider divider(d);
    for (const int64_t n : dividends) {
      int64_t rest = n;
      ASSERT_EQ(divider.Split(rest), n / d) << n << " / " << d;
      ASSERT_EQ(rest, n % d) << n << " % " << d;
    }
    for (const int64_t n : {d - 1, d, d + 1, 3 * d - 1, 3 * d}) ASSERT_EQ(divider.Quotient(n), n / d);
  }
}

const std::vector<std::pair<Shape, Shape>> kBroadcasts{
    {{7}, {7}},
    {{}, {}},
    {{1}, {3}},
    {{4}, {2, 3, 4}},
    {{}, {2, 3, 4}},
    {{1, 3, 1}, {2, 3, 4}},
    {{5, 1}, {5, 6}},
    {{2, 1, 1, 3}, {2, 8, 8, 3}},
    {{16}, {3, 5, 16}},
    {{3, 1, 8}, {3, 5, 8}},
    {{3, 1, 1}, {3, 5, 8}},
    {{1, 5, 1}, {3, 5, 8}},
    {{2, 1, 2, 1, 2, 1, 2, 1}, {2, 3, 2, 3, 2, 3, 2, 3}},
    {{0, 4}, {0, 4}},
    {{4}, {0, 4}},
    {{3, 1}, {3, 0}},
};

TEST(Broadcast, FindsTheElementThatMeetsAnother) {
  for (const auto& [from, to] : kBroadcasts) {
    const Broadcast broadcast(from, to);
    for (int64_t i = 0; i < ElementCount(to); ++i) {
      int64_t expected = 0;
      int64_t stride = 1;
      int64_t rest = i;
      for (size_t k = 0; k < to.size(); ++k) {
        const int64_t position = rest % to[to.size() - 1 - k];
        rest /= to[to.size() - 1 - k];
        if (k >= from.size()) continue;
        const int64_t own = from[from.size() - 1 - k];
        if (own != 1) expected += position * stride;
        stride *= own;
      }
      ASSERT_EQ(broadcast(i), expected) << ToString(testing::DataOf<float>(DType::kFloat32, to, {}).type) << i;
    }
  }
}

struct UnaryCase {
  Unary op;
  Attrs attrs;
};

TEST(UnaryKernels, AgreeWithTheReference) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<UnaryCase> cases{
      {Unary::kAbs, AbsAttrs{}},     {Unary::kCos, CosAttrs{}},         {Unary::kElu, EluAttrs{}},
      {Unary::kExp, ExpAttrs{}},     {Unary::kFloor, FloorAttrs{}},     {Unary::kLog, LogAttrs{}},
      {Unary::kLog1p, Log1pAttrs{}}, {Unary::kRelu, ReluAttrs{}},       {Unary::kRelu6, Relu6Attrs{}},
      {Unary::kRsqrt, RsqrtAttrs{}}, {Unary::kSigmoid, SigmoidAttrs{}}, {Unary::kSqrt, SqrtAttrs{}},
  };
  for (const UnaryCase& c : cases) {
    const std::string name(Info(static_cast<OpKind>(c.attrs.index())).name);
    for (const int64_t count : {0, 1, 7, 8, 9, 1000}) {
      std::vector<float> values = Random(count, -9, 9);
      const std::vector<float> special{std::numeric_limits<float>::quiet_NaN(),
                                       kInfinity,
                                       -kInfinity,
                                       0.0F,
                                       -0.0F,
                                       std::numeric_limits<float>::denorm_min(),
                                       3e38F,
                                       -3e38F,
                                       100,
                                       -100,
                                       1e6F};
      for (size_t i = 0; i < special.size() && count == 1000; ++i) values[3 * i] = special[i];
      const Data x = Stored({count}, values, {});
      const std::vector<float> expected = Numbers(OnReference({c.attrs, {x}})[0]);
      for (const bool aligned : {true, false}) {
        HostQueue queue;
        Buffer<float> from(values, aligned);
        Buffer<float> to(static_cast<size_t>(count), 77, aligned);
        Compute(queue, c.op, Floats{from.data()}, Floats{to.data()}, count);
        EXPECT_TRUE(count == 0 || to[0] == 77) << "nothing is done before Wait";
        queue.Wait();
        ExpectClose(to.values(), expected, 2e-6, 1e-30, name);
      }
    }
  }
}

TEST(UnaryKernels, ReadAndWriteEveryEncoding) {
  for (const auto& in : testing::kEncodings) {
    for (const auto& out : testing::kEncodings) {
      for (const int64_t count : {1, 8, 61}) {
        Data x = Stored({count}, Random(count, -5, 5), in);
        const Data expected = OnReference({ReluAttrs{}, {x}, out})[0];
        Data y = Result({count}, out);
        HostQueue queue;
        Compute(queue, Unary::kRelu, FloatsOf(x), FloatsOf(y), count);
        queue.Wait();
        EXPECT_EQ(y.bytes, expected.bytes);
      }
    }
  }
}

TEST(UnaryKernels, ReorderAsTheHostDoes) {
  for (const auto& in : testing::kEncodings) {
    for (const auto& out : testing::kEncodings) {
      std::vector<float> values = Random(50, -6, 6);
      values[3] = std::numeric_limits<float>::quiet_NaN();
      values[4] = std::numeric_limits<float>::infinity();
      values[5] = -std::numeric_limits<float>::infinity();
      Data x = Stored({50}, values, in);
      const Data expected = OnReference({ReorderAttrs{}, {x}, out})[0];
      Data y = Result({50}, out);
      HostQueue queue;
      Compute(queue, Unary::kIdentity, FloatsOf(x), FloatsOf(y), 50);
      queue.Wait();
      EXPECT_EQ(y.bytes, expected.bytes);
    }
  }
}

TEST(BinaryKernels, AgreeWithTheReferenceOnStretchedOperands) {
  const std::vector<std::pair<Binary, Attrs>> ops{
      {Binary::kAdd, AddAttrs{}},         {Binary::kSub, SubAttrs{}},           {Binary::kMul, MulAttrs{}},
      {Binary::kDiv, DivAttrs{}},         {Binary::kDivNoNan, DivNoNanAttrs{}}, {Binary::kPow, PowAttrs{}},
      {Binary::kMaximum, MaximumAttrs{}}, {Binary::kMinimum, MinimumAttrs{}}};
  for (const auto& [op, attrs] : ops) {
    for (const auto& [from, to] : kBroadcasts) {
      for (const bool swapped : {false, true}) {
        for (const bool aligned : {true, false}) {
          std::vector<float> a = Random(ElementCount(from), 0, 3, 1);
          std::vector<float> b = Random(ElementCount(to), 0, 3, 2);
          if (!b.empty()) b[0] = 0;
          if (b.size() > 9) b[9] = std::numeric_limits<float>::quiet_NaN();
          const std::vector<float>& left = swapped ? b : a;
          const std::vector<float>& right = swapped ? a : b;
          const Shape left_shape = swapped ? to : from;
          const Shape right_shape = swapped ? from : to;
          const Data x = Stored(left_shape, left, {});
          const Data y = Stored(right_shape, right, {});
          const std::vector<float> expected = Numbers(OnReference({attrs, {x, y}})[0]);
          HostQueue queue;
          Buffer<float> x_buffer(left, aligned);
          Buffer<float> y_buffer(right, aligned);
          Buffer<float> z(expected.size(), 0, aligned);
          Compute(queue, op, BinaryShape(left_shape, right_shape, to), Floats{x_buffer.data()}, Floats{y_buffer.data()},
                  Floats{z.data()});
          queue.Wait();
          ExpectClose(z.values(), expected, 2e-6, 1e-30, std::string(Info(static_cast<OpKind>(attrs.index())).name));
        }
      }
    }
  }
}

TEST(BinaryKernels, HaveTheWayBackFromRectifiers) {
  const std::vector<float> y{-1, 0, 1, 6, 7, std::numeric_limits<float>::quiet_NaN(), 0.5F, 3, 5.9F};
  const std::vector<float> dy = Random(9);
  for (const double limit : {std::numeric_limits<double>::infinity(), 6.0}) {
    const Data expected = OnReference({ReluBackwardAttrs{limit}, {Stored({9}, y, {}), Stored({9}, dy, {})}})[0];
    HostQueue queue;
    Buffer<float> a(y), b(dy), z(9);
    const float parameter = std::isfinite(limit) ? static_cast<float>(limit) : std::numeric_limits<float>::quiet_NaN();
    const Shape shape{9};
    Compute(queue, Binary::kReluBackward, BinaryShape(shape, shape, shape), Floats{a.data()}, Floats{b.data()},
            Floats{z.data()}, {}, parameter);
    queue.Wait();
    ExpectClose(z.values(), Numbers(expected), 0, 0, "relu_backward");
  }
}

TEST(BinaryKernels, AbsorbWhatStandsBehindASum) {
  using Kind = PostOp::Kind;
  static_assert(static_cast<int>(TailKind::kRelu6Backward) == static_cast<int>(Kind::kRelu6Backward));
  static_assert(static_cast<int>(TailKind::kResult) == static_cast<int>(Kind::kResult));
  static_assert(static_cast<int>(TailKind::kAdd) == static_cast<int>(Kind::kAdd));
  for (const auto& encoding : testing::kEncodings) {
    for (const int64_t count : {5, 8, 43}) {
      for (const std::vector<Kind>& kinds : {std::vector<Kind>{Kind::kRelu},
                                             {Kind::kRelu6},
                                             {Kind::kReluBackward},
                                             {Kind::kRelu6Backward, Kind::kRelu}}) {
        std::vector<Data> operands;
        std::vector<TailOp> tail;
        for (const Kind kind : kinds) {
          if (Info(kind).has_operand) operands.push_back(Stored({count}, Random(count, -8, 8, 5), encoding));
        }
        size_t next = 0;
        for (const Kind kind : kinds) {
          tail.push_back({static_cast<TailKind>(kind), {}});
          if (Info(kind).has_operand) tail.back().operand = FloatsOf(operands[next++]);
        }
        Data x = Stored({count}, Random(count, -2, 8, 3), encoding);
        Data y = Stored({count}, Random(count, -2, 8, 4), encoding);
        const Data expected = OnReference({AddAttrs{}, {x, y}, encoding, kinds, operands})[0];
        Data z = Result({count}, encoding);
        HostQueue queue;
        const Shape shape{count};
        Compute(queue, Binary::kAdd, BinaryShape(shape, shape, shape), FloatsOf(x), FloatsOf(y), FloatsOf(z), tail);
        queue.Wait();
        ExpectClose(Numbers(z), Numbers(expected), testing::PrecisionOf(encoding), testing::UnitOf(encoding), "sum");
      }
    }
  }
}

TEST(BinaryKernels, RefuseWhatTheyDoNotAbsorb) {
  HostQueue queue;
  Buffer<float> x(8);
  const Shape shape{8};
  const BinaryShape same(shape, shape, shape);
  const Floats floats{x.data()};
  const TailOp relu{TailKind::kRelu};
  const TailOp bias{TailKind::kBias, floats};
  const std::vector<TailOp> five(5, relu);
  EXPECT_THROW(Compute(queue, Binary::kMul, same, floats, floats, floats, std::span(&relu, 1)), Error);
  EXPECT_THROW(Compute(queue, Binary::kAdd, same, floats, floats, floats, std::span(&bias, 1)), Error);
  EXPECT_THROW(Compute(queue, Binary::kAdd, same, floats, floats, floats, five), Error);
}

TEST(DropoutKernel, DropsTheElementsThatTheHostDrops) {
  for (const int64_t count : {0, 1, 6, 1001}) {
    for (const uint64_t microbatch : {0, 3}) {
      const std::vector<float> values = Random(count);
      const DropoutAttrs attrs{.keep_prob = 0.7, .seed = 4123456789};
      const DrawPosition draw{.step = 5000000000, .microbatch = microbatch};
      const Data expected = OnReference({.attrs = attrs, .inputs = {Stored({count}, values, {})}, .draw = draw})[0];
      HostQueue queue;
      Buffer<float> x(values);
      Buffer<float> y(values.size(), 9);
      Dropout(queue,
              {.seed = static_cast<uint64_t>(attrs.seed),
               .step = draw.step,
               .first = static_cast<int64_t>(microbatch) * count,
               .keep = attrs.keep_prob},
              Floats{x.data()}, Floats{y.data()}, count);
      queue.Wait();
      EXPECT_EQ(y.values(), Numbers(expected));
    }
  }
}

}  // namespace
}  // namespace slimnet::cudnn
