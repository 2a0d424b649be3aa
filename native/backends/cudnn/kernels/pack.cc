#include "backends/cudnn/kernels/pack.h"

#include <cmath>

#include "backends/cudnn/kernels/divider.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

constexpr int kSide = 32;  // of a tile: channels times filters of one tap
constexpr int kLines = kThreads / kSide;

SLIMNET_BODY int64_t TilesOf(int64_t size) { return (size + kSide - 1) / kSide; }

// Which tile a block has.
struct TileAt {
  int64_t tap, channel, filter;
};
struct Tiles {
  Divider across, down;  // filters, channels
  int64_t count;
  Tiles(const FilterShape& s, int64_t channels, int64_t filters)
      : across(std::max<int64_t>(TilesOf(filters), 1)),
        down(std::max<int64_t>(TilesOf(channels), 1)),
        count(s.taps * TilesOf(channels) * TilesOf(filters)) {}
  SLIMNET_BODY TileAt operator()(int64_t block) const {
    int64_t filter = block;
    int64_t channel = across.Split(filter);
    const int64_t tap = down.Split(channel);
    return {tap, channel * kSide, filter * kSide};
  }
};

struct PackBody {
  struct Shared {
    float tile[kSide][kSide + 1];
  };

  FilterShape shape;
  Tiles tiles;
  const float* filter;
  FloatView packed;
  int8_t* quantized;  // instead of `packed`
  const float* steps;
  float levels;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const TileAt at = tiles(block);
    team.Each([&](int thread) {
      const int64_t k = at.filter + thread % kSide;
      for (int line = thread / kSide; line < kSide; line += kLines) {
        const int64_t c = at.channel + line;
        const bool known = c < shape.channels && k < shape.filters;
        shared.tile[line][thread % kSide] = known ? filter[(at.tap * shape.channels + c) * shape.filters + k] : 0.0F;
      }
    });
    team.Each([&](int thread) {
      const int64_t c = at.channel + thread % kSide;
      for (int line = thread / kSide; line < kSide; line += kLines) {
        const int64_t k = at.filter + line;
        if (c >= shape.packed_channels || k >= shape.packed_filters) continue;
        const float value = shared.tile[thread % kSide][line];
        const int64_t to = (k * shape.taps + at.tap) * shape.packed_channels + c;
        if (quantized == nullptr) {
          packed.Store(to, value);
          continue;
        }
        const float x = value / steps[k];
        quantized[to] = static_cast<int8_t>(NearestWhole(x == x ? x : 0.0F, -levels, levels));
      }
    });
  }
};

struct UnpackBody {
  struct Shared {
    float tile[kSide][kSide + 1];
  };

  FilterShape shape;
  Tiles tiles;
  FloatView packed;
  float* filter;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const TileAt at = tiles(block);
    team.Each([&](int thread) {
      const int64_t c = at.channel + thread % kSide;
      for (int line = thread / kSide; line < kSide; line += kLines) {
        const int64_t k = at.filter + line;
        if (c >= shape.channels || k >= shape.filters) continue;
        shared.tile[line][thread % kSide] = packed.Load((k * shape.taps + at.tap) * shape.packed_channels + c);
      }
    });
    team.Each([&](int thread) {
      const int64_t k = at.filter + thread % kSide;
      for (int line = thread / kSide; line < kSide; line += kLines) {
        const int64_t c = at.channel + line;
        if (c >= shape.channels || k >= shape.filters) continue;
        filter[(at.tap * shape.channels + c) * shape.filters + k] = shared.tile[thread % kSide][line];
      }
    });
  }
};

// Steps of kSide output channels.
struct StepsBody {
  struct Shared {
    float largest[kLines][kSide];
  };

  FilterShape shape;
  const float* filter;
  float levels;
  float* steps;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const int64_t first = block * kSide;
    team.Each([&](int thread) {
      const int64_t k = first + thread % kSide;
      float largest = 0;
      for (int64_t row = thread / kSide; k < shape.filters && row < shape.taps * shape.channels; row += kLines) {
        const float magnitude = fabsf(filter[row * shape.filters + k]);
        largest = magnitude > largest ? magnitude : largest;  // a NaN is not larger
      }
      shared.largest[thread / kSide][thread % kSide] = largest;
    });
    team.Each([&](int thread) {
      const int64_t k = first + thread;
      if (thread >= kSide || k >= shape.packed_filters) return;
      float largest = 0;
      for (int line = 0; line < kLines; ++line) {
        const float some = shared.largest[line][thread];
        largest = some > largest ? some : largest;
      }
      const float step = largest / levels;
      steps[k] = step > 0 && step - step == 0 ? step : 1.0F;
    });
  }
};

struct PadChannelsBody {
  struct Step {
    bool multiplies = false;
    const float* numbers = nullptr;
  };

  Divider packed_channels;
  int64_t channels;
  FloatView x;
  FloatView y;
  int count = 0;
  Step steps[kMostChannelSteps] = {};

  SLIMNET_BODY float Value(int64_t pixel, int64_t c) const {
    if (c >= channels) return 0;
    float value = x.Load(pixel * channels + c);
    for (int k = 0; k < count; ++k) {
      const float number = steps[k].numbers[c];
      value = steps[k].multiplies ? value * number : value + number;
    }
    return value;
  }
  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t c = i;
    const int64_t pixel = packed_channels.Split(c);
    y.Store(i, Value(pixel, c));
  }
};

// Where a pixel is eights of channels.
struct PadOctetsBody {
  PadChannelsBody pad;
  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t c = i * kOctet;
    const int64_t pixel = pad.packed_channels.Split(c);
    float value[kOctet];
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) value[k] = pad.Value(pixel, c + k);
    pad.y.StoreOctet(i * kOctet, value);
  }
};

void Pack(Queue& queue, const FilterShape& shape, DevicePtr filter, const Floats& packed, int8_t* quantized,
          const float* steps, int levels) {
  const Tiles tiles(shape, shape.packed_channels, shape.packed_filters);
  Blocks(queue, "PackFilter", tiles.count,
         PackBody{shape, tiles, queue.At<float>(filter), FloatView(queue, packed), quantized, steps,
                  static_cast<float>(levels)});
}

}  // namespace

void PackFilter(Queue& queue, const FilterShape& shape, DevicePtr filter, const Floats& packed) {
  Pack(queue, shape, filter, packed, nullptr, nullptr, 0);
}

void QuantizeFilter(Queue& queue, const FilterShape& shape, DevicePtr filter, int levels, DevicePtr packed,
                    DevicePtr steps) {
  Blocks(queue, "FilterSteps", TilesOf(shape.packed_filters),
         StepsBody{shape, queue.At<float>(filter), static_cast<float>(levels), queue.At<float>(steps)});
  Pack(queue, shape, filter, Floats{packed}, queue.At<int8_t>(packed), queue.At<float>(steps), levels);
}

void UnpackFilter(Queue& queue, const FilterShape& shape, const Floats& packed, DevicePtr filter) {
  const Tiles tiles(shape, shape.channels, shape.filters);
  Blocks(queue, "UnpackFilter", tiles.count,
         UnpackBody{shape, tiles, FloatView(queue, packed), queue.At<float>(filter)});
}

void PadChannels(Queue& queue, int64_t pixels, int64_t channels, int64_t packed_channels, const Floats& x,
                 std::span<const ChannelStep> steps, const Floats& y) {
  if (steps.size() > kMostChannelSteps) throw Error(ErrorCode::kInternal, "Too many steps for each channel.");
  if (packed_channels == 0) return;
  PadChannelsBody body{Divider(packed_channels), channels, FloatView(queue, x), FloatView(queue, y)};
  for (const auto& [multiplies, numbers] : steps) body.steps[body.count++] = {multiplies, queue.At<float>(numbers)};
  const int64_t count = pixels * packed_channels;
  if (packed_channels % kOctet == 0 && body.y.aligned()) {
    Each(queue, "PadChannels", count / kOctet, PadOctetsBody{body});
  } else {
    Each(queue, "PadChannels", count, body);
  }
}

}  // namespace slimnet::cudnn
