#include "base/random.h"

#include <gtest/gtest.h>

namespace slimnet {
namespace {

// Known answers of philox4x32-10 from the authors' Random123 distribution.
TEST(Philox, GivesThePublishedWords) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Uniform, StaysBelowOneAndSpreadsEvenly) {
  EXPECT_EQ(ToUniform(0), 0.0F);
  EXPECT_LT(ToUniform(0xffffffff), 1.0F);
  constexpr int kDraws = 100000;
  double sum = 0;
  double squares = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = Uniform(42, 7, i);
    sum += u;
    squares += u * u;
  }
  // Four standard deviations of the mean of uniform numbers, and of their squares.
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 4 * 0.2887 / 316);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 4 * 0.2982 / 316);
}

TEST(Uniform, DependsOnSeedRunAndIndexIncludingTheirUpperHalves) {
  const float base = Uniform(1, 2, 3);
  EXPECT_EQ(Uniform(1, 2, 3), base);
  EXPECT_NE(Uniform(2, 2, 3), base);
  EXPECT_NE(Uniform(1, 3, 3), base);
  EXPECT_NE(Uniform(1, 2, 4), base);
  EXPECT_NE(Uniform(uint64_t{1} << 32 | 1, 2, 3), base);
  EXPECT_NE(Uniform(1, uint64_t{1} << 32 | 2, 3), base);
  EXPECT_NE(Uniform(1, 2, uint64_t{1} << 34 | 3), base);
}

}  // namespace
}  // namespace slimnet
