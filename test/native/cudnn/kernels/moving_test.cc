// Kernels that put elements elsewhere or give them another type, as loops.
#include <gtest/gtest.h>

#include <limits>

#include "backends/cpu/quantize_filter.h"
#include "backends/cudnn/kernels/cast.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/kernels/pack.h"
#include "native/cudnn/kernels/host_queue.h"
#include "native/cudnn/kernels/reference_op.h"

namespace slimnet::cudnn {
namespace {

using testing::Buffer;
using testing::Data;
using testing::HostQueue;
using testing::OnReference;
using testing::Random;

// Elements that are all different, as far as the bytes go.
Data Counted(DType dtype, Shape shape) {
  Data data{{dtype, std::move(shape)}};
  data.bytes.resize(ByteSize(data.type));
  for (size_t i = 0; i < data.bytes.size(); ++i) {
    data.bytes[i] = static_cast<std::byte>(dtype == DType::kBool ? i % 3 == 0 : (i * 37 + i / 251) % 256);
  }
  return data;
}

void ExpectMoved(const Attrs& attrs, const Data& x, const Movement& movement) {
  const Data expected = OnReference({attrs, {x}})[0];
  const size_t element = BytesOf(x.type.dtype);
  for (const bool aligned : {true, false}) {
    HostQueue queue;
    // Places that are no multiples of 16 bytes, but of an element.
    std::vector<uint64_t> from(x.bytes.size() / 8 + 3, 0);
    std::vector<uint64_t> to(expected.bytes.size() / 8 + 3, ~uint64_t{0});
    const size_t shift = aligned ? 0 : element;
    if (!x.bytes.empty())
      std::memcpy(reinterpret_cast<std::byte*>(from.data()) + shift, x.bytes.data(), x.bytes.size());
    Move(queue, movement, SharedAddress(reinterpret_cast<std::byte*>(from.data()) + shift),
         SharedAddress(reinterpret_cast<std::byte*>(to.data()) + shift));
    queue.Wait();
    const auto* moved = reinterpret_cast<const std::byte*>(to.data()) + shift;
    ASSERT_TRUE(std::equal(expected.bytes.begin(), expected.bytes.end(), moved))
        << Info(static_cast<OpKind>(attrs.index())).name << " of " << ToString(x.type)
        << (aligned ? "" : ", unaligned");
    for (size_t i = 0; i < 8; ++i) ASSERT_EQ(moved[expected.bytes.size() + i], std::byte{0xff}) << "behind the result";
  }
}

constexpr DType kOneOfEachSize[]{DType::kUInt8, DType::kBFloat16, DType::kFloat32, DType::kInt64};

TEST(Move, PadsAndCrops) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases{
      {{5}, {1, 2}},
      {{1}, {0, 0}},
      {{2, 3}, {0, 0, 1, 0}},
      {{2, 5, 6, 3}, {0, 0, 1, 2, 2, 1, 0, 0}},
      {{2, 5, 6, 16}, {0, 0, 1, 0, 0, 1, 0, 0}},
      {{3, 4, 16}, {1, 1, 0, 0, 16, 16}},
      {{1, 4, 1}, {0, 0, 0, 0, 0, 1}},
      {{0, 4}, {0, 0, 1, 1}},
      {{0, 4}, {1, 1, 0, 0}},
      {{2, 2, 2, 2, 2, 2, 2, 2}, {1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0, 1, 0}},
  };
  for (const auto& [shape, pads] : cases) {
    for (const DType dtype : kOneOfEachSize) {
      ExpectMoved(PadAttrs{pads}, Counted(dtype, shape), Movement::Pad(shape, pads, BytesOf(dtype)));
      Shape padded;
      for (size_t i = 0; i < shape.size(); ++i) padded.push_back(shape[i] + pads[2 * i] + pads[2 * i + 1]);
      ExpectMoved(CropAttrs{pads}, Counted(dtype, padded), Movement::Crop(padded, pads, BytesOf(dtype)));
    }
  }
}

TEST(Move, Transposes) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases{
      {{3, 4}, {1, 0}},
      {{40, 70}, {1, 0}},
      {{2, 33, 35}, {0, 2, 1}},
      {{33, 2, 35}, {2, 1, 0}},
      {{2, 3, 5, 7}, {0, 3, 1, 2}},
      {{2, 3, 5, 7}, {3, 2, 1, 0}},
      {{2, 3, 5, 7}, {0, 1, 2, 3}},
      {{3, 3, 8, 16}, {3, 0, 1, 2}},
      {{4, 5, 16}, {1, 0, 2}},
      {{1, 6, 1}, {2, 1, 0}},
      {{0, 6}, {1, 0}},
      {{2, 3, 2, 3, 2, 3, 2, 3}, {7, 0, 6, 1, 5, 2, 4, 3}},
  };
  for (const auto& [shape, perm] : cases) {
    for (const DType dtype : kOneOfEachSize) {
      ExpectMoved(TransposeAttrs{perm}, Counted(dtype, shape), Movement::Transpose(shape, perm, BytesOf(dtype)));
    }
  }
}

TEST(Move, Broadcasts) {
  const std::vector<std::pair<Shape, Shape>> cases{{{}, {7}},
                                                   {{1}, {5, 3}},
                                                   {{16}, {3, 16}},
                                                   {{3, 1}, {3, 16}},
                                                   {{2, 1, 3}, {2, 5, 3}},
                                                   {{1, 5, 1}, {2, 5, 3}},
                                                   {{1, 16}, {9, 1, 16}},
                                                   {{0}, {4, 0}},
                                                   {{2, 3}, {2, 3}}};
  for (const auto& [from, to] : cases) {
    for (const DType dtype : kOneOfEachSize) {
      ExpectMoved(BroadcastToAttrs{to}, Counted(dtype, from), Movement::BroadcastTo(from, to, BytesOf(dtype)));
    }
  }
}

TEST(Select, TakesFromEither) {
  const Shape condition_shape{3, 1};
  const Shape x_shape{3, 5};
  const Shape y_shape{5};
  for (const DType dtype : kOneOfEachSize) {
    Data condition = testing::DataOf<uint8_t>(DType::kBool, condition_shape, {1, 0, 7});
    Data x = Counted(dtype, x_shape);
    Data y = Counted(dtype, y_shape);
    const Data expected = OnReference({SelectAttrs{}, {condition, x, y}})[0];
    Data z = Counted(dtype, x_shape);
    HostQueue queue;
    Select(queue, SelectShape(condition_shape, x_shape, y_shape, x_shape, BytesOf(dtype)), condition.data(), x.data(),
           y.data(), z.data());
    queue.Wait();
    EXPECT_EQ(z.bytes, expected.bytes);
  }
}

TEST(StoreNumber, StoresIt) {
  HostQueue queue;
  Buffer<int64_t> y(1);
  StoreNumber(queue, int64_t{1} << 40, y.data());
  queue.Wait();
  EXPECT_EQ(y[0], int64_t{1} << 40);
}

// Values at which conversions go wrong, as far as the dtype has them.
Data Edges(DType dtype) {
  Data x{{DType::kFloat64, {}}};
  std::vector<double> numbers{0.0,
                              -0.0,
                              1,
                              -1,
                              0.5,
                              -0.5,
                              1.5,
                              127,
                              128,
                              -128,
                              -129,
                              254.9,
                              255,
                              256,
                              32767.5,
                              65504,
                              65520,
                              2147483647.0,
                              2147483648.0,
                              -2147483648.0,
                              -2147483649.0,
                              4294967295.0,
                              4294967296.0,
                              9.2233720368547748e18,
                              9.223372036854775807e18,
                              -9.3e18,
                              1.8446744073709550e19,
                              1.9e19,
                              1e300,
                              1e-300,
                              6e-8,
                              3.4e38,
                              1e39,
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()};
  x = testing::DataOf(DType::kFloat64, {static_cast<int64_t>(numbers.size())}, numbers);
  return OnReference({CastAttrs{dtype}, {x}})[0];
}

TEST(Cast, AgreesWithTheHostForAllTypes) {
  for (size_t from = 0; from < kDTypes.size(); ++from) {
    Data x = Edges(static_cast<DType>(from));
    if (x.type.dtype == DType::kBool) x.bytes[1] = std::byte{9};  // true as well
    for (size_t to = 0; to < kDTypes.size(); ++to) {
      const Data expected = OnReference({CastAttrs{static_cast<DType>(to)}, {x}})[0];
      Data y = Counted(static_cast<DType>(to), x.type.shape);
      HostQueue queue;
      Cast(queue, {x.data(), x.type.dtype}, {y.data(), y.type.dtype}, x.count());
      queue.Wait();
      EXPECT_EQ(y.bytes, expected.bytes) << kDTypes[from].name << " to " << kDTypes[to].name;
    }
  }
}

TEST(Compare, AgreesWithTheHostForAllTypes) {
  const std::vector<std::pair<Comparison, Attrs>> comparisons{
      {Comparison::kEqual, EqualAttrs{}}, {Comparison::kNotEqual, NotEqualAttrs{}}, {Comparison::kLess, LessAttrs{}}};
  for (size_t i = 0; i < kDTypes.size(); ++i) {
    const auto dtype = static_cast<DType>(i);
    Data x = Edges(dtype);
    x.type.shape = {x.type.shape[0], 1};
    Data y = Edges(dtype);
    const Shape shape{x.type.shape[0], x.type.shape[0]};
    for (const auto& [comparison, attrs] : comparisons) {
      if (comparison == Comparison::kLess && dtype == DType::kBool) continue;
      const Data expected = OnReference({attrs, {x, y}})[0];
      Data z = Counted(DType::kBool, shape);
      HostQueue queue;
      Compare(queue, comparison, x.type.shape, y.type.shape, shape, {x.data(), dtype}, {y.data(), dtype}, z.data());
      queue.Wait();
      EXPECT_EQ(z.bytes, expected.bytes) << kDTypes[i].name;
    }
  }
}

TEST(AddNumbers, BeginsAnewBehindTheLargestNumber) {
  for (size_t i = 0; i < kDTypes.size(); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (!IsInteger(dtype)) continue;
    Data x = Edges(dtype);
    Data y = x;
    std::reverse(y.bytes.begin(), y.bytes.end());
    const Data expected = OnReference({AssignAddAttrs{}, {x, y}})[0];
    HostQueue queue;
    AddNumbers(queue, {x.data(), dtype}, {y.data(), dtype}, x.data(), x.count());
    queue.Wait();
    EXPECT_EQ(x.bytes, expected.bytes) << kDTypes[i].name;
  }
}

const std::vector<FilterShape> kFilters{{1, 3, 5, 3, 5},   {9, 3, 64, 8, 64}, {49, 3, 33, 4, 40}, {1, 40, 70, 40, 72},
                                        {4, 33, 1, 40, 8}, {1, 0, 4, 8, 4},   {2, 4, 0, 4, 8}};

TEST(PackFilter, MakesKrscOfHwio) {
  for (const FilterShape& s : kFilters) {
    const std::vector<float> filter = Random(s.taps * s.channels * s.filters);
    const auto size = static_cast<size_t>(s.packed_filters * s.taps * s.packed_channels);
    HostQueue queue;
    Buffer<float> from(filter);
    Buffer<float> packed(size, 7);
    Buffer<BFloat16> halves(size);
    Buffer<float> back(filter.size(), 7);
    PackFilter(queue, s, from.data(), Floats{packed.data()});
    PackFilter(queue, s, from.data(), Floats{halves.data(), DType::kBFloat16});
    UnpackFilter(queue, s, Floats{packed.data()}, back.data());
    queue.Wait();
    EXPECT_EQ(back.values(), filter);
    for (int64_t k = 0; k < s.packed_filters; ++k) {
      for (int64_t tap = 0; tap < s.taps; ++tap) {
        for (int64_t c = 0; c < s.packed_channels; ++c) {
          const bool known = k < s.filters && c < s.channels;
          const float expected = known ? filter[static_cast<size_t>((tap * s.channels + c) * s.filters + k)] : 0.0F;
          const auto at = static_cast<size_t>((k * s.taps + tap) * s.packed_channels + c);
          ASSERT_EQ(packed[at], expected);
          ASSERT_EQ(halves[at].bits, ToBFloat16(expected).bits);
        }
      }
    }
  }
}

TEST(QuantizeFilter, TakesTheStepsThatTheHostTakes) {
  for (const FilterShape& s : kFilters) {
    const int64_t rows = s.taps * s.channels;
    std::vector<float> filter = Random(rows * s.filters);
    for (int64_t row = 0; row < rows && s.filters >= 33; ++row) {
      filter[static_cast<size_t>(row * s.filters + 1)] = 0;                                        // zeros
      filter[static_cast<size_t>(row * s.filters + 2)] = std::numeric_limits<float>::quiet_NaN();  // NaN alone
    }
    if (s.filters >= 33) {
      filter[3] = std::numeric_limits<float>::infinity();
      filter[4] = std::numeric_limits<float>::quiet_NaN();
    }
    std::vector<int8_t> q(filter.size());
    std::vector<float> steps(static_cast<size_t>(s.filters));
    cpu::QuantizeFilter(filter.data(), rows, s.filters, 0, s.filters, 127, q.data(), steps.data());
    HostQueue queue;
    Buffer<float> from(filter);
    Buffer<int8_t> packed(static_cast<size_t>(s.packed_filters * s.taps * s.packed_channels), 7);
    Buffer<float> packed_steps(static_cast<size_t>(s.packed_filters), 7);
    QuantizeFilter(queue, s, from.data(), 127, packed.data(), packed_steps.data());
    queue.Wait();
    for (int64_t k = 0; k < s.packed_filters; ++k) {
      ASSERT_EQ(packed_steps[static_cast<size_t>(k)], k < s.filters ? steps[static_cast<size_t>(k)] : 1.0F);
      for (int64_t tap = 0; tap < s.taps; ++tap) {
        for (int64_t c = 0; c < s.packed_channels; ++c) {
          const bool known = k < s.filters && c < s.channels;
          ASSERT_EQ(packed[static_cast<size_t>((k * s.taps + tap) * s.packed_channels + c)],
                    known ? q[static_cast<size_t>((tap * s.channels + c) * s.filters + k)] : 0);
        }
      }
    }
  }
}

TEST(PadChannels, MakesPicturesOfBytes) {
  for (const int64_t packed : {3, 4, 8}) {
    for (const bool normalized : {false, true}) {
      constexpr int64_t kPixels = 21;
      std::vector<uint8_t> bytes;
      for (int64_t i = 0; i < kPixels * 3; ++i) bytes.push_back(static_cast<uint8_t>(i * 7));
      HostQueue queue;
      Buffer<uint8_t> x(bytes);
      Buffer<float> term(std::vector<float>{-123.68F, -116.78F, 3});
      Buffer<float> factor(std::vector<float>{0.017F, 0.25F, 2});
      Buffer<BFloat16> y(static_cast<size_t>(kPixels * packed));
      std::vector<ChannelStep> steps;
      if (normalized) steps = {{false, term.data()}, {true, factor.data()}};
      PadChannels(queue, kPixels, 3, packed, Floats{x.data(), DType::kUInt8, 1}, steps,
                  Floats{y.data(), DType::kBFloat16});
      queue.Wait();
      for (int64_t i = 0; i < kPixels * packed; ++i) {
        const auto c = static_cast<size_t>(i % packed);
        float expected = c < 3 ? bytes[static_cast<size_t>(i / packed * 3) + c] : 0.0F;
        if (normalized && c < 3) expected = (expected + term[c]) * factor[c];
        ASSERT_EQ(y[static_cast<size_t>(i)].bits, ToBFloat16(expected).bits);
      }
    }
  }
}

}  // namespace
}  // namespace slimnet::cudnn
