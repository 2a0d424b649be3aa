// Sums, softmax, ranks and class numbers, as loops.
#include <gtest/gtest.h>

#include <limits>

#include "backends/cudnn/kernels/classes.h"
#include "backends/cudnn/kernels/rank.h"
#include "backends/cudnn/kernels/reduction.h"
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

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Floats AsFloats(Data& data) {
  return {data.data(), data.encoding ? data.encoding->dtype : DType::kFloat32, data.encoding ? data.encoding->step : 0};
}

// Sums of `x` as a kernel makes them, NaN in what it is not to read.
Data Summed(const Reduction& reduction, bool squares, double divisor, Data x, Data y) {
  HostQueue queue;
  Buffer<double> scratch(reduction.scratch_bytes(1) / sizeof(double), std::numeric_limits<double>::quiet_NaN());
  Sum(queue, reduction, squares, divisor, AsFloats(x), AsFloats(y), scratch.data());
  queue.Wait();
  return y;
}

struct SumCase {
  Shape shape;
  std::vector<int64_t> axes;
};

const std::vector<SumCase> kSums{
    {{}, {}},
    {{1}, {0}},
    {{7}, {}},
    {{1000}, {-1}},
    {{100001}, {}},
    {{3, 4, 5}, {1}},
    {{3, 4, 5}, {0, 2}},
    {{3, 4, 5}, {-1, -2}},
    {{2, 7, 7, 40}, {1, 2}},
    {{2, 9, 9, 3}, {1, 2}},
    {{50, 20, 20, 5}, {0, 1, 2}},
    {{700, 3}, {0}},
    {{700, 3}, {1}},
    {{70000, 2}, {0}},
    {{300, 300}, {0}},
    {{300, 300}, {1}},
    {{2, 3, 2, 3, 2, 3, 2, 3}, {0, 2, 4, 6}},
    {{0, 4}, {0}},
    {{4, 0}, {0}},
    {{0}, {}},
};

TEST(SumKernel, AgreesWithTheReference) {
  for (const SumCase& c : kSums) {
    const std::vector<float> values = Random(ElementCount(c.shape), -1, 3);
    const Data x = Stored(c.shape, values, {});
    const Reduction reduction(c.shape, c.axes);
    const std::string what = ToString(x.type);
    const Data mean = OnReference({ReduceMeanAttrs{.axes = c.axes}, {x}})[0];
    EXPECT_EQ(reduction.results(), mean.count()) << what;
    ExpectClose(Numbers(Summed(reduction, false, static_cast<double>(reduction.terms()), x, mean)), Numbers(mean), 1e-7,
                1e-3, what);
    const Data sum = OnReference({ReduceSumAttrs{.axes = c.axes}, {x}})[0];
    ExpectClose(Numbers(Summed(reduction, false, 1, x, sum)), Numbers(sum), 1e-7, 1e-3, what);
    if (!c.axes.empty()) continue;
    const Data loss = OnReference({L2LossAttrs{}, {x}})[0];
    ExpectClose(Numbers(Summed(reduction, true, 2, x, loss)), Numbers(loss), 1e-7, 1e-3, what);
  }
}

TEST(SumKernel, ReadsAndWritesEveryEncoding) {
  const Shape shape{3, 7, 7, 24};
  const std::vector<int64_t> axes{1, 2};
  for (const auto& in : testing::kEncodings) {
    for (const auto& out : testing::kEncodings) {
      const Data x = Stored(shape, Random(ElementCount(shape), -1, 3), in);
      const Data mean = OnReference({ReduceMeanAttrs{.axes = axes}, {x}, out})[0];
      const Data y = Summed(Reduction(shape, axes), false, 49, x, mean);
      ExpectClose(Numbers(y), Numbers(mean), testing::PrecisionOf(out), testing::UnitOf(out), "mean");
    }
  }
}

TEST(SumKernel, FindsNanAndInfinity) {
  std::vector<float> values = Random(5000);
  values[4321] = kNan;
  values[17] = kInfinity;
  const Data x = Stored({2, 2500}, values, {});
  const Shape shape{2, 2500};
  const std::vector<int64_t> axes{1};
  const Data sum = OnReference({ReduceSumAttrs{.axes = axes}, {x}})[0];
  ExpectClose(Numbers(Summed(Reduction(shape, axes), false, 1, x, sum)), Numbers(sum), 0, 0, "sum");
}

TEST(SumKernel, SumsWhatAnElementWasStretchedOver) {
  const std::vector<std::pair<Shape, Shape>> cases{{{2, 3, 4}, {4}},       {{2, 3, 4}, {3, 1}},    {{2, 3, 4}, {}},
                                                   {{2, 3, 4}, {2, 1, 4}}, {{64, 14, 14, 9}, {9}}, {{1, 4}, {1, 4}}};
  for (const auto& [from, to] : cases) {
    const Data x = Stored(from, Random(ElementCount(from)), {});
    const Data sum = OnReference({SumToAttrs{.like_shape = to}, {x}})[0];
    ExpectClose(Numbers(Summed(Reduction::To(from, to), false, 1, x, sum)), Numbers(sum), 1e-7, 1e-3, ToString(x.type));
  }
}

TEST(SoftmaxKernel, AgreesWithTheReference) {
  const std::vector<Shape> shapes{{1},      {5},       {3, 1},       {300, 2}, {7, 21}, {4, 256},
                                  {4, 257}, {3, 1001}, {2, 3, 3000}, {0, 5},   {5, 0}};
  for (const Shape& shape : shapes) {
    std::vector<float> values = Random(ElementCount(shape), -9, 9);
    if (values.size() > 600) {
      values[1] = kNan;
      values[static_cast<size_t>(shape.back()) + 1] = kInfinity;
      for (int64_t i = 0; i < shape.back(); ++i) values[values.size() - 1 - static_cast<size_t>(i)] = -kInfinity;
    }
    const Data x = Stored(shape, values, {});
    for (const bool logarithm : {false, true}) {
      const Data expected = OnReference({logarithm ? Attrs(LogSoftmaxAttrs{}) : Attrs(SoftmaxAttrs{}), {x}})[0];
      Data y = expected;
      std::fill(y.bytes.begin(), y.bytes.end(), std::byte{1});
      Data from = x;
      HostQueue queue;
      const Rows rows{shape.back() == 0 ? 5 : ElementCount(shape) / shape.back(), shape.back()};
      Softmax(queue, rows, logarithm, AsFloats(from), AsFloats(y));
      queue.Wait();
      ExpectClose(Numbers(y), Numbers(expected), 2e-6, 1e-3, ToString(x.type));
    }
  }
}

// With ties, and one row each with NaN and infinities.
std::vector<float> Ranked(int64_t count) {
  std::vector<float> values = Random(count, -5, 5);
  for (float& value : values) value = std::floor(value);
  if (count > 40) {
    values[7] = kNan;
    values[9] = kNan;
    values[30] = kInfinity;
    values[31] = -kInfinity;
  }
  return values;
}

TEST(ArgmaxKernel, AgreesWithTheHost) {
  for (const Shape& shape : {Shape{1}, {5}, {6, 20}, {3, 1001}, {4, 7, 3}, {2, 300, 17}, {0, 4}}) {
    for (int64_t axis = 0; axis < static_cast<int64_t>(shape.size()); ++axis) {
      if (shape[static_cast<size_t>(axis)] == 0) continue;
      Data x = Stored(shape, Ranked(ElementCount(shape)), {});
      const Data expected = OnReference({ArgmaxAttrs{axis}, {x}})[0];
      Buffer<int32_t> y(static_cast<size_t>(expected.count()), -7);
      HostQueue queue;
      const Dims dims(shape);
      const auto a = static_cast<size_t>(axis);
      Argmax(queue, CountOf(dims.first(a)), shape[a], CountOf(dims.subspan(a + 1)), x.data(), y.data());
      queue.Wait();
      EXPECT_EQ(y.values(), expected.As<int32_t>()) << ToString(x.type) << " along " << axis;
    }
  }
}

TEST(TopKKernel, AgreesWithTheHost) {
  for (const Shape& shape : {Shape{1}, {9}, {6, 20}, {3, 1001}, {300, 2}, {0, 4}}) {
    for (const int64_t k : {int64_t{1}, int64_t{2}, int64_t{5}, shape.back()}) {
      if (k > shape.back()) continue;
      Data x = Stored(shape, Ranked(ElementCount(shape)), {});
      const std::vector<Data> expected = OnReference({TopKAttrs{k}, {x}});
      Buffer<float> values(static_cast<size_t>(expected[0].count()));
      Buffer<int32_t> indices(values.size(), -7);
      HostQueue queue;
      TopK(queue, {ElementCount(shape) / shape.back(), shape.back()}, k, x.data(), values.data(), indices.data());
      queue.Wait();
      EXPECT_EQ(indices.values(), expected[1].As<int32_t>()) << ToString(x.type) << ", " << k;
      ExpectClose(values.values(), Numbers(expected[0]), 0, 0, "values");
    }
  }
}

TEST(InTopKKernel, AgreesWithTheHost) {
  for (const DType dtype : {DType::kInt32, DType::kInt64, DType::kUInt8}) {
    const Shape shape{40, 11};
    Data x = Stored(shape, Ranked(440), {});
    std::vector<double> targets;
    for (int i = 0; i < 40; ++i) targets.push_back(i % 13 - (dtype == DType::kUInt8 ? 0 : 1));
    Data target = OnReference({CastAttrs{dtype}, {testing::DataOf(DType::kFloat64, {40}, targets)}})[0];
    for (const int64_t k : {1, 3, 11, 20}) {
      const Data expected = OnReference({InTopKAttrs{k}, {x, target}})[0];
      Buffer<uint8_t> y(40, 9);
      HostQueue queue;
      InTopK(queue, {40, 11}, k, x.data(), target.data(), dtype, y.data());
      queue.Wait();
      EXPECT_EQ(y.values(), expected.As<uint8_t>());
    }
  }
}

constexpr DType kIntegers[]{DType::kInt8,  DType::kInt16,  DType::kInt32,  DType::kInt64,
                            DType::kUInt8, DType::kUInt16, DType::kUInt32, DType::kUInt64};

Data Classes(DType dtype, const std::vector<double>& numbers) {
  return OnReference(
      {CastAttrs{dtype}, {testing::DataOf(DType::kFloat64, {static_cast<int64_t>(numbers.size())}, numbers)}})[0];
}

TEST(OneHotKernel, AgreesWithTheHost) {
  for (const DType dtype : kIntegers) {
    Data indices = Classes(dtype, {0, 3, 4, -1, 127, 2, 1e18});
    const Data expected = OnReference({OneHotAttrs{.depth = 4, .on_value = 2.5, .off_value = -1}, {indices}})[0];
    Buffer<float> y(28, 9);
    HostQueue queue;
    OneHot(queue, {indices.data(), dtype}, 7, 4, 2.5F, -1, y.data());
    queue.Wait();
    EXPECT_EQ(y.values(), Numbers(expected)) << Name(dtype);
  }
}

TEST(PickKernel, AgreesWithTheHost) {
  for (const DType dtype : kIntegers) {
    Data x = Stored({5, 4}, Random(20), {});
    Data index = Classes(dtype, {0, 3, 2, 1, 3});
    const Data expected = OnReference({PickAttrs{}, {x, index}})[0];
    Buffer<float> y(5, 9);
    HostQueue queue;
    Pick(queue, 0, {5, 4}, x.data(), {index.data(), dtype}, y.data());
    queue.Wait();
    EXPECT_EQ(y.values(), Numbers(expected));
    EXPECT_EQ(queue.complaint()->key, Complaint::kNone);
  }
}

TEST(PickKernel, ComplainsAboutTheFirstIndexOutsideOfItsRow) {
  for (const double wrong : {-1.0, 4.0}) {
    std::vector<double> numbers(700, 1);
    numbers[300] = numbers[301] = numbers[650] = wrong;
    numbers[301] = 100;
    Data index = Classes(DType::kInt16, numbers);
    Data x = Stored({700, 4}, Random(2800), {});
    Buffer<float> y(700, 9);
    HostQueue queue;
    Pick(queue, 5, {700, 4}, x.data(), {index.data(), DType::kInt16}, y.data());
    queue.Wait();
    EXPECT_EQ(queue.complaint()->key, Complaint::Key(5, 300));
    EXPECT_EQ(queue.complaint()->value, static_cast<int64_t>(wrong));
  }
}

TEST(ConfusionMatrixKernel, AgreesWithTheHostToTheBit) {
  for (const int64_t count : {0, 1, 9, 400}) {
    for (const int64_t classes : {1, 3, 11}) {
      std::vector<double> labels, predictions;
      for (int64_t i = 0; i < count; ++i) {
        labels.push_back(static_cast<double>(i * i % classes));
        predictions.push_back(static_cast<double>(i * 7 / 3 % classes));
      }
      Data label = Classes(DType::kInt32, labels);
      Data prediction = Classes(DType::kUInt64, predictions);
      Data weights = Stored({count}, Random(count), {});
      const Data expected =
          OnReference({ConfusionMatrixAttrs{.num_classes = classes}, {label, prediction, weights}})[0];
      Buffer<float> y(static_cast<size_t>(classes * classes), 9);
      HostQueue queue;
      ConfusionMatrix(queue, 0, count, classes, {label.data(), DType::kInt32}, {prediction.data(), DType::kUInt64},
                      {weights.data(), DType::kFloat32}, y.data());
      queue.Wait();
      EXPECT_EQ(y.values(), Numbers(expected));
      EXPECT_EQ(queue.complaint()->key, Complaint::kNone);
    }
  }
}

TEST(ConfusionMatrixKernel, ComplainsAboutLabelsBeforePredictions) {
  Data good = Classes(DType::kInt32, {0, 1, 2});
  Data bad = Classes(DType::kInt32, {0, 3, -1});
  Data weights = Stored({3}, {1, 1, 1}, {});
  const auto complaint = [&](Data& labels, Data& predictions) {
    Buffer<float> y(9);
    HostQueue queue;
    ConfusionMatrix(queue, 2, 3, 3, {labels.data(), DType::kInt32}, {predictions.data(), DType::kInt32},
                    {weights.data(), DType::kFloat32}, y.data());
    queue.Wait();
    return *queue.complaint();
  };
  EXPECT_EQ(complaint(bad, bad).key, Complaint::Key(2, 1));
  EXPECT_EQ(complaint(bad, good).value, 3);
  EXPECT_EQ(complaint(good, bad).key, Complaint::Key(2, 4));
  EXPECT_EQ(complaint(good, bad).value, 3);
}

TEST(CheckNumericsKernel, TellsNanFromInfinity) {
  const auto found = [](std::vector<float> values) {
    Buffer<float> x(values), y(values.size());
    HostQueue queue;
    CheckNumerics(queue, 1, x.data(), y.data(), static_cast<int64_t>(values.size()));
    CheckNumerics(queue, 3, x.data(), x.data(), static_cast<int64_t>(values.size()));
    queue.Wait();
    ExpectClose(y.values(), values, 0, 0, "copied");
    return queue.complaint()->key;
  };
  EXPECT_EQ(found({}), Complaint::kNone);
  EXPECT_EQ(found({1, -3e38F, 0}), Complaint::kNone);
  EXPECT_EQ(found({1, -kInfinity}), Complaint::Key(1, kFoundInfinity));
  EXPECT_EQ(found({kInfinity, 1, kNan}), Complaint::Key(1, kFoundNan));
}

}  // namespace
}  // namespace slimnet::cudnn
