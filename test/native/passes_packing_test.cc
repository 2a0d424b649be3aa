#include <gtest/gtest.h>

#include <random>

#include "passes/packing.h"

namespace slimnet {
namespace {

using Packer = Packing (*)(std::span<const Interval>);

std::vector<Interval> RandomIntervals(uint32_t seed, int count) {
  std::mt19937 random(seed);
  std::vector<Interval> intervals;
  for (int i = 0; i < count; ++i) {
    const auto first = static_cast<int32_t>(random() % 100);
    intervals.push_back({random() % 5000, first, first + static_cast<int32_t>(random() % 12)});
  }
  return intervals;
}

void ExpectDisjoint(const std::vector<Interval>& intervals, const Packing& packing) {
  for (size_t a = 0; a < intervals.size(); ++a) {
    EXPECT_EQ(packing.offsets[a] % kAlignment, 0U);
    EXPECT_LE(packing.offsets[a] + intervals[a].bytes, packing.bytes);
    for (size_t b = 0; b < a; ++b) {
      const bool in_time = intervals[a].first <= intervals[b].last && intervals[b].first <= intervals[a].last;
      const bool in_space = packing.offsets[a] < packing.offsets[b] + intervals[b].bytes &&
                            packing.offsets[b] < packing.offsets[a] + intervals[a].bytes;
      EXPECT_FALSE(in_time && in_space) << a << " and " << b;
    }
  }
}

class Packers : public ::testing::TestWithParam<Packer> {};

TEST_P(Packers, GiveMemoryToOneThingAtATime) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const std::vector<Interval> intervals = RandomIntervals(seed, 150);
    const Packing packing = GetParam()(intervals);
    ExpectDisjoint(intervals, packing);
    EXPECT_GE(packing.bytes, PeakOf(intervals));
  }
}

TEST_P(Packers, UseOneBufferForThingsThatFollowEachOther) {
  const std::vector<Interval> intervals{{640, 0, 1}, {640, 2, 3}, {640, 4, 5}};
  EXPECT_EQ(GetParam()(intervals).bytes, 640U);
}

TEST_P(Packers, TakeTwoBuffersForAChainOfSteps) {
  // Each step reads the result of the one before.
  std::vector<Interval> chain;
  for (int32_t i = 0; i < 50; ++i) chain.push_back({1024, i, i + 1});
  EXPECT_EQ(GetParam()(chain).bytes, 2048U);
}

TEST_P(Packers, AcceptNothingAndEmptyThings) {
  EXPECT_EQ(GetParam()({}).bytes, 0U);
  const std::vector<Interval> intervals{{0, 0, 9}, {1, 0, 9}, {0, 3, 3}};
  EXPECT_EQ(GetParam()(intervals).bytes, kAlignment);
}

TEST_P(Packers, GiveTheSameTwice) {
  const std::vector<Interval> intervals = RandomIntervals(7, 200);
  EXPECT_EQ(GetParam()(intervals).offsets, GetParam()(intervals).offsets);
}

INSTANTIATE_TEST_SUITE_P(All, Packers, ::testing::Values(&PackBySize, &PackByTime, &Pack));

TEST(Pack, IsFastForVeryManyIntervals) {
  // All alive at once: a quadratic packer would take hours.
  std::vector<Interval> intervals;
  for (int32_t i = 0; i < 500'000; ++i) intervals.push_back({static_cast<size_t>(1 + i % 300), i / 2, 1'000'000});
  EXPECT_GE(Pack(intervals).bytes, PeakOf(intervals));
}

TEST(PeakOf, CountsBothWhereOneBeginsAndTheOtherEnds) {
  const std::vector<Interval> intervals{{64, 0, 1}, {64, 1, 2}, {64, 3, 3}};
  EXPECT_EQ(PeakOf(intervals), 128U);
}

}  // namespace
}  // namespace slimnet
