// Filters and images in the forms that cuDNN reads.
#pragma once

#include <span>

#include "backends/cudnn/kernels/floats.h"

namespace slimnet::cudnn {

// A filter of the plan, HWIO: taps x channels x filters, float32; and of cuDNN, KRSC: filters x taps x channels, with
// zeros behind the channels and filters that the plan knows. A matrix [in, out] is a filter of one tap.
struct FilterShape {
  int64_t taps = 1;
  int64_t channels = 0;
  int64_t filters = 0;
  int64_t packed_channels = 0;
  int64_t packed_filters = 0;
};

// As float32 or bfloat16.
void PackFilter(Queue& queue, const FilterShape& shape, DevicePtr filter, const Floats& packed);
// As int8 with a step for each output channel: steps[k] = the largest magnitude of the channel / levels, 1 where that
// is 0 or not finite; those of filters that the plan does not know are 1. NaN becomes 0.
void QuantizeFilter(Queue& queue, const FilterShape& shape, DevicePtr filter, int levels, DevicePtr packed,
                    DevicePtr steps);
// A gradient in cuDNN's form, back as HWIO in float32.
void UnpackFilter(Queue& queue, const FilterShape& shape, const Floats& packed, DevicePtr filter);

// y = x + number or x * number, with one for each channel: float32 [channels].
struct ChannelStep {
  bool multiplies = false;
  DevicePtr numbers;
};

inline constexpr size_t kMostChannelSteps = 4;

// y [pixels, packed_channels] = x [pixels, channels] after the steps, then zeros. Bytes of a picture are Floats stored
// as kUInt8 with the step 1. Throws Error{kInternal} for more than kMostChannelSteps.
void PadChannels(Queue& queue, int64_t pixels, int64_t channels, int64_t packed_channels, const Floats& x,
                 std::span<const ChannelStep> steps, const Floats& y);

}  // namespace slimnet::cudnn
