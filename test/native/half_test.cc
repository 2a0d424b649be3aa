#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace slimnet {
namespace {

TEST(Float16, EveryValueSurvivesTheWayToFloatAndBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Float16 half{static_cast<uint16_t>(bits)};
    const float value = ToFloat(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ToFloat(ToFloat16(value)))) << bits;
    } else {
      EXPECT_EQ(ToFloat16(value).bits, bits);
    }
  }
}

TEST(Float16, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float low = ToFloat(Float16{static_cast<uint16_t>(bits)});
    // The step above the largest finite value would be 65536.
    const float high = bits == 0x7bff ? 65536.0F : ToFloat(Float16{static_cast<uint16_t>(bits + 1)});
    const float middle = (low + high) / 2;
    EXPECT_EQ(ToFloat16(middle).bits, bits % 2 == 0 ? bits : bits + 1) << bits;
    EXPECT_EQ(ToFloat16(std::nextafter(middle, 0.0F)).bits, bits) << bits;
    EXPECT_EQ(ToFloat16(std::nextafter(middle, std::numeric_limits<float>::infinity())).bits, bits + 1) << bits;
    EXPECT_EQ(ToFloat16(-std::nextafter(middle, 0.0F)).bits, bits | 0x8000U) << bits;
  }
}

TEST(BFloat16, EveryValueSurvivesTheWayToFloatAndBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const BFloat16 half{static_cast<uint16_t>(bits)};
    const float value = ToFloat(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ToFloat(ToBFloat16(value)))) << bits;
    } else {
      EXPECT_EQ(ToBFloat16(value).bits, bits);
    }
  }
}

TEST(BFloat16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(ToBFloat16(std::bit_cast<float>(0x3f808000U)).bits, 0x3f80);
  EXPECT_EQ(ToBFloat16(std::bit_cast<float>(0x3f808001U)).bits, 0x3f81);
  EXPECT_EQ(ToBFloat16(std::bit_cast<float>(0x3f818000U)).bits, 0x3f82);
  EXPECT_EQ(ToBFloat16(std::numeric_limits<float>::max()).bits, 0x7f80);
  // A NaN whose payload lies in the lower bits alone must not become an infinity.
  EXPECT_TRUE(std::isnan(ToFloat(ToBFloat16(std::bit_cast<float>(0x7f800001U)))));
}

}  // namespace
}  // namespace slimnet
