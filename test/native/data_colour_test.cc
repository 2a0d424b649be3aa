#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "data/colour.h"

namespace slimnet {
namespace {

// Two by two pixels, and what TensorFlow 2.21's adjust_* functions make of them.
constexpr std::array<float, 12> kImageBytes{239, 190, 140, 2, 18, 15, 213, 38, 248, 162, 143, 162};

struct Case {
  ColourStep step;
  std::array<float, 12> expected;
};

class Colour : public ::testing::TestWithParam<Case> {};

TEST_P(Colour, IsWhatTensorFlowComputesUnclamped) {
  std::vector<float> pixels;
  for (const float byte : kImageBytes) pixels.push_back(byte / 255);
  ApplyColour(GetParam().step, pixels.data(), 4);
  for (size_t i = 0; i < pixels.size(); ++i) EXPECT_NEAR(pixels[i], GetParam().expected[i], 1e-6) << "value " << i;
}

INSTANTIATE_TEST_SUITE_P(Operations, Colour,
                         ::testing::Values(Case{{ColourOp::kBrightness, 0.1F},
                                                {1.037255F, 0.845098F, 0.649020F, 0.107843F, 0.170588F, 0.158824F,
                                                 0.935294F, 0.249020F, 1.072549F, 0.735294F, 0.660784F, 0.735294F}},
                                           Case{{ColourOp::kSaturation, 1.3F},
                                                {0.937255F, 0.687451F, 0.432549F, 0, 0.070588F, 0.057353F, 0.810458F, 0,
                                                 0.972549F, 0.635294F, 0.538431F, 0.635294F}},
                                           Case{{ColourOp::kHue, 0.1F},
                                                {0.896471F, 0.937255F, 0.549020F, 0.007843F, 0.044706F, 0.070588F,
                                                 0.972549F, 0.149020F, 0.615686F, 0.635294F, 0.560784F, 0.590588F}},
                                           Case{{ColourOp::kContrast, 1.4F},
                                                {1.070588F, 0.890588F, 0.547059F, -0.230588F, -0.053726F, -0.139216F,
                                                 0.927843F, 0.056078F, 1.140000F, 0.647843F, 0.632549F, 0.667843F}}));

TEST(ColourOutOfRange, ValuesBelowZeroHaveNoSaturation) {
  std::array<float, 3> pixel{-0.25F, -0.5F, -0.1F};
  ApplyColour({ColourOp::kSaturation, 1.5F}, pixel.data(), 1);
  EXPECT_EQ(pixel, (std::array<float, 3>{-0.1F, -0.1F, -0.1F}));
}

}  // namespace
}  // namespace slimnet
