// The loops for the matrix unit against the definition of a convolution, in double precision; on the unit, and on one
// in software.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/amx/conv.h"
#include "backends/cpu/cpu_features.h"
#include "backends/onednn/isa.h"
#include "base/half.h"
#include "native/amx_in_software.h"

namespace slimnet::cpu {
namespace {

// What the numbers of a tensor are, however they are stored.
struct Tensor {
  AmxNumber number;
  std::unique_ptr<Memory> memory;
  int64_t count;

  Tensor(AmxNumber kind, int64_t size)
      : number(kind), memory(AllocateAligned(static_cast<size_t>(size) * 4)), count(size) {}

  double Get(int64_t i) const {
    switch (number) {
      case AmxNumber::kFloat32:
        return reinterpret_cast<const float*>(memory->host())[i];
      case AmxNumber::kBFloat16:
        return ToFloat(reinterpret_cast<const BFloat16*>(memory->host())[i]);
      case AmxNumber::kUInt8:
        return reinterpret_cast<const uint8_t*>(memory->host())[i];
      case AmxNumber::kInt8:
        return reinterpret_cast<const int8_t*>(memory->host())[i];
    }
    return 0;
  }
  void Set(int64_t i, int whole) {
    switch (number) {
      case AmxNumber::kFloat32:
        reinterpret_cast<float*>(memory->host())[i] = static_cast<float>(whole) / 64;
        break;
      case AmxNumber::kBFloat16:
        reinterpret_cast<BFloat16*>(memory->host())[i] = ToBFloat16(static_cast<float>(whole) / 64);
        break;
      default:
        reinterpret_cast<uint8_t*>(memory->host())[i] = static_cast<uint8_t>(whole);
    }
  }
  void Fill(std::mt19937& random) {
    for (int64_t i = 0; i < count; ++i) Set(i, static_cast<int>(random() % 256) - 128);
  }
};

bool IsQuantized(AmxNumber number) { return number == AmxNumber::kUInt8 || number == AmxNumber::kInt8; }

std::string Describe(const AmxConvShape& s, const AmxConvKind& k, int parts) {
  const auto n = [](auto number) { return std::to_string(static_cast<int64_t>(number)); };
  return "x " + n(s.batch) + "x" + n(s.height) + "x" + n(s.width) + "x" + n(s.in_channels) + " filter " +
         n(s.filter_height) + "x" + n(s.filter_width) + " y " + n(s.out_height) + "x" + n(s.out_width) + "x" +
         n(s.out_channels) + " strides " + n(s.stride_down) + "," + n(s.stride_across) + " dilations " +
         n(s.dilation_down) + "," + n(s.dilation_across) + " pads " + n(s.top) + "," + n(s.left) + " numbers " +
         n(k.input) + " to " + n(k.output) + (k.adds ? " adds " + n(k.addend) : "") + (k.relu ? " relu" : "") +
         (k.normalizes ? " and a norm" : "") + " in " + n(parts) + " parts";
}

enum class Unit { kHardware, kSoftware };

class AmxConvolution : public ::testing::TestWithParam<Unit> {
 protected:
  void SetUp() override {
    const CpuFeatures features = DetectCpuFeatures();
    if (GetParam() == Unit::kHardware && !onednn::DetectLowPrecisionIsa().amx) {
      GTEST_SKIP() << "this processor has no matrix unit, or its use was not granted";
    }
    if (!features.avx512_bf16 || !features.avx512dq) {
      GTEST_SKIP() << "this processor lacks AVX-512 with bfloat16, which the loops use beside the matrix unit";
    }
  }

  static void Convolve(const AmxConvShape& s, const AmxConvKind& kind, const void* x, const void* packed,
                       const AmxConvTail& tail, void* y, void* scratch, int part, int parts) {
    const auto run = GetParam() == Unit::kHardware ? AmxConv : slimnet::testing::AmxConvInSoftware;
    run(s, kind, x, packed, tail, y, scratch, part, parts);
  }

  // Computes once and compares all results with the definition.
  void Check(const AmxConvShape& s, const AmxConvKind& kind, int parts) {
    SCOPED_TRACE(Describe(s, kind, parts));
    ASSERT_TRUE(AmxConvTakes(s, kind));
    const int64_t filter_count = s.taps() * s.in_channels * s.out_channels;
    std::vector<float> filter(static_cast<size_t>(filter_count));
    std::vector<int8_t> whole_filter(filter.size());
    for (size_t i = 0; i < filter.size(); ++i) {
      const int value = static_cast<int>(random_() % 255) - 127;
      whole_filter[i] = static_cast<int8_t>(value);
      filter[i] = IsQuantized(kind.input) ? static_cast<float>(value) : static_cast<float>(value) / 128;
    }
    const AmxPacking packing = AmxPackingOf(s, kind.input);
    const auto packed = AllocateAligned(packing.bytes());
    if (packing.whole) {
      PackAmxFilter(packing, whole_filter.data(), 0, packing.blocks(), packed->host());
    } else {
      PackAmxFilter(packing, filter.data(), 0, packing.blocks(), packed->host());
    }

    Tensor x(kind.input, s.batch * s.height * s.width * s.in_channels);
    x.Fill(random_);
    const int64_t results = s.batch * s.out_height * s.out_width * s.out_channels;
    // What is added to and the result share their memory; before and behind it nothing may change.
    constexpr int64_t kGuard = 64;
    Tensor y(kind.output, results + kGuard);
    Tensor old(kind.adds ? kind.addend : kind.output, results + kGuard);
    old.Fill(random_);
    std::memcpy(y.memory->host(), old.memory->host(), static_cast<size_t>(results + kGuard) * 4);

    const auto channels = static_cast<size_t>(packing.blocks() * kAmxBlockChannels);
    std::vector<float> bias(channels), scale(channels), norm_bias(channels), norm_scale(channels);
    for (size_t c = 0; c < channels; ++c) {
      bias[c] = static_cast<float>(static_cast<int>(c % 13) - 6) / 4;
      scale[c] = IsQuantized(kind.input) ? 0.0007F * static_cast<float>(1 + c % 5) : 3.0F;
      norm_bias[c] = static_cast<float>(static_cast<int>(c % 7) - 3) / 2;
      norm_scale[c] = static_cast<float>(static_cast<int>(c % 11) - 4) / 4;
    }
    Tensor second(kind.second(), results + kGuard);
    second.Fill(random_);
    std::vector<char> second_before(static_cast<size_t>(second.count) * 4);
    std::memcpy(second_before.data(), second.memory->host(), second_before.size());
    const AmxConvTail tail{bias.data(), scale.data(), 0.5F, second.memory->host(), norm_scale.data(), norm_bias.data()};
    const size_t bytes = AmxConvScratch(s, kind, parts);
    for (int part = 0; part < parts; ++part) {
      const auto scratch = AllocateAligned(bytes);
      std::memset(scratch->host(), 0xff, bytes);  // NaN, where it is read and should not be
      Convolve(s, kind, x.memory->host(), packed->host(), tail, y.memory->host(), scratch->host(), part, parts);
    }

    const bool scales = IsQuantized(kind.input) || IsQuantized(kind.output);
    for (int64_t i = 0; i < results; ++i) {
      const int64_t c = i % s.out_channels;
      const int64_t column = i / s.out_channels % s.out_width;
      const int64_t row = i / s.out_channels / s.out_width % s.out_height;
      const int64_t image = i / s.out_channels / s.out_width / s.out_height;
      double sum = 0;
      for (int64_t tap = 0; tap < s.taps(); ++tap) {
        const int64_t in_row = row * s.stride_down + tap / s.filter_width * s.dilation_down - s.top;
        const int64_t in_column = column * s.stride_across + tap % s.filter_width * s.dilation_across - s.left;
        if (in_row < 0 || in_row >= s.height || in_column < 0 || in_column >= s.width) continue;
        const int64_t pixel = ((image * s.height + in_row) * s.width + in_column) * s.in_channels;
        for (int64_t k = 0; k < s.in_channels; ++k) {
          sum += x.Get(pixel + k) *
                 static_cast<double>(filter[static_cast<size_t>((tap * s.in_channels + k) * s.out_channels + c)]);
        }
      }
      double expected = sum * (scales ? static_cast<double>(scale[static_cast<size_t>(c)]) : 1.0) +
                        static_cast<double>(bias[static_cast<size_t>(c)]);
      if (kind.adds) expected += old.Get(i) * (scales ? 0.5 : 1.0);
      if (kind.relu) expected = std::max(expected, 0.0);
      const double got = y.Get(i);
      if (kind.normalizes) {
        const auto channel = static_cast<size_t>(c);
        const double norm = std::max(
            expected * static_cast<double>(norm_scale[channel]) + static_cast<double>(norm_bias[channel]), 0.0);
        if (IsQuantized(kind.second())) {
          ASSERT_NEAR(second.Get(i), std::min(norm, 255.0), 0.502) << "second result, element " << i;
        } else {
          ASSERT_NEAR(second.Get(i), norm, norm / 256 + 2e-4) << "second result, element " << i;
        }
      }
      if (IsQuantized(kind.output)) {
        expected =
            kind.output == AmxNumber::kUInt8 ? std::clamp(expected, 0.0, 255.0) : std::clamp(expected, -128.0, 127.0);
        ASSERT_NEAR(got, expected, 0.502) << "element " << i;
      } else {
        const double precision = kind.output == AmxNumber::kBFloat16 ? 1.0 / 256 : 1e-5;
        ASSERT_NEAR(got, expected, std::abs(expected) * precision + 2e-4) << "element " << i;
      }
    }
    const auto width = static_cast<size_t>(kind.output == AmxNumber::kFloat32    ? 4
                                           : kind.output == AmxNumber::kBFloat16 ? 2
                                                                                 : 1);
    const size_t end = static_cast<size_t>(results) * width;
    EXPECT_EQ(std::memcmp(y.memory->host() + end, old.memory->host() + end, kGuard), 0)
        << "something was written behind the end";
    const size_t second_end = kind.normalizes ? end : 0;  // both results are stored in as many bytes
    EXPECT_EQ(std::memcmp(second.memory->host() + second_end, second_before.data() + second_end,
                          second_before.size() - second_end),
              0)
        << "something was written behind the end of the second result";
  }

  int64_t Some(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
  }

  std::mt19937 random_{20260101};
};

// NaN has a sign, and stays NaN behind a relu whatever it is, as in TensorFlow: that of a result, and that of a second
// one.
TEST_P(AmxConvolution, KeepsNanInBFloat16) {
  const AmxConvShape s{1, 1, 1, 64, 1, 1, 32, 1, 1, 1, 1, 1, 1, 0, 0};
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const bool second_result : {false, true}) {
    const AmxConvKind kind{AmxNumber::kBFloat16, AmxNumber::kBFloat16, second_result,
                           AmxNumber::kBFloat16, !second_result,       second_result};
    ASSERT_TRUE(AmxConvTakes(s, kind));
    const AmxPacking packing = AmxPackingOf(s, kind.input);
    const auto packed = AllocateAligned(packing.bytes());
    std::memset(packed->host(), 0, packing.bytes());
    Tensor x(kind.input, 64), y(kind.output, 128), second(kind.second(), 128);
    for (int64_t i = 0; i < 64; ++i) x.Set(i, 0);
    for (int64_t i = 0; i < 128; ++i) y.Set(i, 0);
    std::vector<float> bias(kAmxBlockChannels, -1.0F), ones(kAmxBlockChannels, 1.0F), zeros(kAmxBlockChannels, 0.0F);
    bias[3] = std::copysign(kNan, -1.0F);
    bias[17] = kNan;
    bias[20] = -kInfinity;
    bias[21] = kInfinity;
    bias[22] = 2.0F;
    const AmxConvTail tail{bias.data(), ones.data(), 0.5F, second.memory->host(), ones.data(), zeros.data()};
    const auto scratch = AllocateAligned(AmxConvScratch(s, kind, 1));
    Convolve(s, kind, x.memory->host(), packed->host(), tail, y.memory->host(), scratch->host(), 0, 1);
    const Tensor& result = second_result ? second : y;
    EXPECT_TRUE(std::isnan(result.Get(3)));
    EXPECT_TRUE(std::isnan(result.Get(17)));
    EXPECT_EQ(result.Get(20), 0);
    EXPECT_EQ(result.Get(21), kInfinity);
    EXPECT_EQ(result.Get(22), 2);
    EXPECT_EQ(result.Get(4), 0);
  }
}

constexpr AmxNumber kLowPrecision[] = {AmxNumber::kBFloat16, AmxNumber::kUInt8, AmxNumber::kInt8};

// Every kind of numbers once, on a shape with everything that is special: tails of rows, pads, several blocks.
TEST_P(AmxConvolution, TakesEveryKindOfNumbers) {
  const AmxConvShape shape{2, 9, 7, 64, 9, 7, 96, 3, 3, 1, 1, 1, 1, 1, 1};
  for (const AmxNumber input : kLowPrecision) {
    for (const AmxNumber output : {AmxNumber::kBFloat16, AmxNumber::kUInt8, AmxNumber::kInt8, AmxNumber::kFloat32}) {
      for (const AmxNumber addend : kLowPrecision) {
        for (const bool adds : {false, true}) {
          for (const bool relu : {false, true}) {
            for (const bool normalizes : {false, true}) {
              const AmxConvKind kind{input, output, adds, addend, relu, normalizes};
              if (AmxConvTakes(shape, kind)) Check(shape, kind, 2);
            }
          }
        }
      }
    }
  }
}

TEST_P(AmxConvolution, IsTheDefinitionsForRandomShapes) {
  const int shapes = GetParam() == Unit::kHardware ? 300 : 100;  // in software each takes its time
  for (int i = 0; i < shapes && !HasFatalFailure(); ++i) {
    AmxConvShape s{};
    s.batch = Some(1, 4);
    s.filter_height = Some(1, 4);
    s.filter_width = Some(1, 4);
    s.stride_down = Some(1, 3);
    s.stride_across = Some(1, 3);
    s.dilation_down = s.stride_down == 1 ? Some(1, 2) : 1;
    s.dilation_across = s.stride_across == 1 ? Some(1, 2) : 1;
    s.top = Some(0, s.filter_height);
    s.left = Some(0, s.filter_width);
    s.out_height = Some(1, 12);
    s.out_width = Some(1, 20);
    // With some padding behind the image, or with pixels that are not looked at.
    const int64_t seen_down = (s.out_height - 1) * s.stride_down + (s.filter_height - 1) * s.dilation_down + 1;
    const int64_t seen_across = (s.out_width - 1) * s.stride_across + (s.filter_width - 1) * s.dilation_across + 1;
    s.height = std::max<int64_t>(seen_down - s.top + Some(-2, 2), 1);
    s.width = std::max<int64_t>(seen_across - s.left + Some(-2, 2), 1);
    s.in_channels = 64 * Some(1, 3);
    s.out_channels = 32 * Some(1, 4);
    AmxConvKind kind{};
    kind.input = kLowPrecision[Some(0, 2)];
    const bool whole = IsQuantized(kind.input);
    kind.output = whole ? kLowPrecision[Some(1, 2)] : AmxNumber::kBFloat16;
    kind.adds = Some(0, 1) == 1;
    kind.addend = whole ? kLowPrecision[Some(1, 2)] : AmxNumber::kBFloat16;
    kind.relu = Some(0, 1) == 1;
    if (!kind.adds && Some(0, 3) == 0) {
      kind.output = AmxNumber::kFloat32;
      s.out_channels = Some(1, 100);
    }
    kind.normalizes = Some(0, 1) == 1;
    if (!AmxConvTakes(s, kind)) kind.normalizes = false;
    Check(s, kind, static_cast<int>(Some(1, 3)));
  }
}

TEST_P(AmxConvolution, ReadsFewChannelsOfFloat32) {
  for (int i = 0; i < 100 && !HasFatalFailure(); ++i) {
    AmxConvShape s{};
    s.batch = Some(1, 3);
    s.in_channels = Some(1, 4);
    s.filter_height = Some(1, 8);
    s.filter_width = Some(1, 8);
    s.stride_down = Some(1, 3);
    s.stride_across = Some(1, 3);
    s.dilation_down = s.dilation_across = 1;
    s.top = Some(0, s.filter_height);
    s.left = Some(0, s.filter_width);
    s.out_height = Some(1, 9);
    s.out_width = Some(1, 40);
    s.height = std::max<int64_t>((s.out_height - 1) * s.stride_down + s.filter_height - s.top + Some(-2, 2), 1);
    s.width = std::max<int64_t>((s.out_width - 1) * s.stride_across + s.filter_width - s.left + Some(-2, 2), 1);
    s.out_channels = 32 * Some(1, 2);
    AmxConvKind kind{AmxNumber::kFloat32, kLowPrecision[Some(0, 2)], false, AmxNumber::kFloat32, Some(0, 1) == 1};
    Check(s, kind, static_cast<int>(Some(1, 2)));
  }
}

// A pixel that is not a number, or too large for bfloat16, reaches the results that see it, and no others.
TEST_P(AmxConvolution, KeepsWhatIsNotFiniteWhereItIsSeen) {
  const AmxConvShape s{1, 9, 40, 3, 9, 20, 32, 3, 3, 1, 2, 1, 1, 1, 1};
  const AmxConvKind kind{AmxNumber::kFloat32, AmxNumber::kBFloat16, false, AmxNumber::kFloat32, false};
  std::vector<float> filter(static_cast<size_t>(s.taps() * s.in_channels * s.out_channels), 1.0F);
  const AmxPacking packing = AmxPackingOf(s, kind.input);
  const auto packed = AllocateAligned(packing.bytes());
  PackAmxFilter(packing, filter.data(), 0, packing.blocks(), packed->host());
  const std::vector<float> bias(32, 0.0F), scale(32, 1.0F);
  const size_t bytes = AmxConvScratch(s, kind, 1);
  const auto scratch = AllocateAligned(bytes);
  for (const float special :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 3.4e38F}) {
    Tensor x(kind.input, s.height * s.width * s.in_channels);
    for (int64_t i = 0; i < x.count; ++i) reinterpret_cast<float*>(x.memory->host())[i] = 1;
    reinterpret_cast<float*>(x.memory->host())[(4 * s.width + 17) * s.in_channels + 2] = special;
    Tensor y(kind.output, s.out_height * s.out_width * s.out_channels);
    Convolve(s, kind, x.memory->host(), packed->host(), {bias.data(), scale.data(), 0}, y.memory->host(),
             scratch->host(), 0, 1);
    for (int64_t row = 0; row < s.out_height; ++row) {
      for (int64_t column = 0; column < s.out_width; ++column) {
        const bool sees = std::abs(row - 4) <= 1 && std::abs(2 * column - 17) <= 1;
        const double got = y.Get((row * s.out_width + column) * s.out_channels);
        EXPECT_EQ(std::isfinite(got), !sees) << special << " at row " << row << ", column " << column;
      }
    }
  }
}

// So many channels that they are cut into pieces, and a filter that does not fit into the second-level cache.
TEST_P(AmxConvolution, CutsManyChannelsIntoPieces) {
  for (const AmxNumber number : kLowPrecision) {
    const AmxNumber output = IsQuantized(number) ? AmxNumber::kUInt8 : AmxNumber::kBFloat16;
    const AmxConvShape deep{2, 3, 4, 2048, 3, 4, 576, 1, 1, 1, 1, 1, 1, 0, 0};
    EXPECT_GT(AmxPackingOf(deep, number).pieces, 1);
    Check(deep, {number, output, true, output, true}, 2);
    const AmxConvShape wide{3, 7, 7, 512, 7, 7, 128, 3, 3, 1, 1, 1, 1, 1, 1};
    EXPECT_GT(AmxPackingOf(wide, number).bytes(), size_t{500000});
    Check(wide, {number, output, false, output, true}, 1);
  }
}

TEST(AmxConvTakes, RefusesWhatItsTilesDoNotFit) {
  const AmxConvKind kind{};
  const AmxConvShape good{1, 4, 4, 64, 4, 4, 32, 1, 1, 1, 1, 1, 1, 0, 0};
  ASSERT_TRUE(AmxConvTakes(good, kind));
  const auto refuses = [&](auto change, AmxConvKind k = {}) {
    AmxConvShape shape = good;
    change(shape);
    return !AmxConvTakes(shape, k);
  };
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.in_channels = 48; }));
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.out_channels = 48; }));
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.stride_down = s.dilation_down = 2; }));
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.batch = 0; }));
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.filter_height = s.filter_width = 9; }));
  EXPECT_TRUE(refuses([](AmxConvShape&) {}, {AmxNumber::kBFloat16, AmxNumber::kUInt8}));
  EXPECT_TRUE(refuses([](AmxConvShape&) {}, {AmxNumber::kFloat32, AmxNumber::kFloat32}));
  EXPECT_TRUE(refuses([](AmxConvShape& s) { s.in_channels = 64; }, {AmxNumber::kFloat32, AmxNumber::kBFloat16}));
  // A second result belongs to a sum without relu, and has no sign where it is whole.
  constexpr AmxNumber kB = AmxNumber::kBFloat16;
  constexpr AmxNumber kS = AmxNumber::kInt8;
  EXPECT_FALSE(refuses([](AmxConvShape&) {}, {kB, kB, true, kB, false, true}));
  EXPECT_TRUE(refuses([](AmxConvShape&) {}, {kB, kB, false, kB, false, true}));
  EXPECT_TRUE(refuses([](AmxConvShape&) {}, {kB, kB, true, kB, true, true}));
  EXPECT_FALSE(refuses([](AmxConvShape&) {}, {kS, kS, true, kS, false, true}));
  EXPECT_TRUE(refuses([](AmxConvShape&) {}, {kS, AmxNumber::kUInt8, true, kS, false, true}));
}

INSTANTIATE_TEST_SUITE_P(Units, AmxConvolution, ::testing::Values(Unit::kHardware, Unit::kSoftware),
                         [](const auto& unit) { return unit.param == Unit::kHardware ? "Hardware" : "Software"; });

}  // namespace
}  // namespace slimnet::cpu
