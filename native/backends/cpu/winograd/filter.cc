#include <array>
#include <cstddef>
#include <cstdint>

#include "backends/cpu/winograd/lanes.h"
#include "backends/cpu/winograd/transforms.h"

namespace slimnet::cpu::winograd {

void TransformFilter(const float* filter, int64_t in_channels, int64_t out_channels, int64_t begin, int64_t end,
                     float* u) {
  using P = Points<double>;
  // The product of the distances from a point to the others.
  constexpr double kOrigin = P::kA2 * P::kB2;
  constexpr double kNearA = 2 * P::kA2 * (P::kA2 - P::kB2);
  constexpr double kNearB = 2 * P::kB2 * (P::kB2 - P::kA2);
  constexpr std::array<std::array<double, 3>, kIn> kG{{{1 / kOrigin, 0.0, 0.0},
                                                       {1 / kNearA, P::kA / kNearA, P::kA2 / kNearA},
                                                       {1 / kNearA, -P::kA / kNearA, P::kA2 / kNearA},
                                                       {1 / kNearB, P::kB / kNearB, P::kB2 / kNearB},
                                                       {1 / kNearB, -P::kB / kNearB, P::kB2 / kNearB},
                                                       {0.0, 0.0, 1.0}}};
  const int64_t matrix = in_channels * out_channels;
  for (int64_t at = begin * out_channels; at < end * out_channels; at += kChannels) {
    Doubles half[kIn][3];
    for (int64_t j = 0; j < 3; ++j) {
      Doubles tap[3];
      for (int64_t k = 0; k < 3; ++k) {
        Floats single;
        Load(single, filter + ((k * 3 + j) * matrix + at));
        tap[k] = __builtin_convertvector(single, Doubles);
      }
      for (size_t i = 0; i < kIn; ++i) half[i][j] = kG[i][0] * tap[0] + kG[i][1] * tap[1] + kG[i][2] * tap[2];
    }
    for (size_t i = 0; i < kIn; ++i) {
      for (size_t j = 0; j < kIn; ++j) {
        const Doubles sum = kG[j][0] * half[i][0] + kG[j][1] * half[i][1] + kG[j][2] * half[i][2];
        Store(u + (static_cast<int64_t>(i * kIn + j) * matrix + at), __builtin_convertvector(sum, Floats));
      }
    }
  }
}

}  // namespace slimnet::cpu::winograd
