#include "backends/cudnn/kernels/dropout.h"

#include "base/random.h"

namespace slimnet::cudnn {
namespace {

// One block of random words serves four elements.
struct DropoutBody {
  DropoutDraw draw;
  FloatView x;
  FloatView y;
  int64_t count;

  SLIMNET_BODY void operator()(int64_t i) const {
    const int64_t block = draw.first / 4 + i;
    const PhiloxBlock words = RandomBlock(draw.seed, draw.step, static_cast<uint64_t>(block));
    SLIMNET_UNROLL
    for (int k = 0; k < 4; ++k) {
      const int64_t at = 4 * block + k - draw.first;
      if (at < 0 || at >= count) continue;
      const bool kept = static_cast<double>(ToUniform(words[static_cast<size_t>(k)])) < draw.keep;
      y.Store(at, kept ? static_cast<float>(static_cast<double>(x.Load(at)) / draw.keep) : 0.0F);
    }
  }
};

}  // namespace

void Dropout(Queue& queue, const DropoutDraw& draw, const Floats& x, const Floats& y, int64_t count) {
  if (count == 0) return;
  const int64_t blocks = (draw.first + count + 3) / 4 - draw.first / 4;
  Each(queue, "Dropout", blocks, DropoutBody{draw, FloatView(queue, x), FloatView(queue, y), count});
}

}  // namespace slimnet::cudnn
