#include "backends/onednn/upstream_defects.h"

namespace slimnet::onednn {
namespace {

// May an output along one dimension see nothing but padding? Says yes a little too often: never no when it does.
bool MaySeeOnlyPadding(int64_t in, int64_t out, int64_t taps, int64_t stride, int64_t dilation, int64_t before,
                       int64_t after) {
  const bool first_ends_before = before > (taps - 1) * dilation;
  const bool last_begins_behind = (out - 1) * stride - before >= in;
  const bool taps_may_jump_over = dilation > in && before + after > 0;
  return first_ends_before || last_begins_behind || taps_may_jump_over;
}

}  // namespace

// Three kinds of shapes, which test/conformance/conv2d.cases.ts and test/native/onednn_test.cc have: they crash where
// an output with a bias or another tail sees only padding (uxlfoundation/oneDNN issue 5942), take the wrong rows of the
// input where one channel (with AMX: any number of them), a stride over the width and a result of one column come
// together, and lose terms where a result is added to and a wide stride (4 and up were seen) meets pads at the sides.
bool MisleadsBrgemm(const ConvolutionGeometry& g, bool adds, bool low_precision) {
  const auto& [top, bottom, left, right] = g.pads;
  return MaySeeOnlyPadding(g.x[1], g.y[1], g.filter[0], g.strides[0], g.dilations[0], top, bottom) ||
         MaySeeOnlyPadding(g.x[2], g.y[2], g.filter[1], g.strides[1], g.dilations[1], left, right) ||
         ((g.x[3] == 1 || low_precision) && g.y[2] == 1 && g.strides[1] > 1) ||
         (adds && g.strides[1] > 2 && left + right > 0);
}

// uxlfoundation/oneDNN issue 6035: images channels-last whose pixels are picked out by a stride are packed by whole
// vectors of channels, past the end of the memory for them where there are fewer channels than that. Of 400 random
// shapes four were wrong on AVX2; others crash or hang.
bool Misleads1x1BackwardFilter(const ConvolutionGeometry& g) {
  constexpr int64_t kWidestVector = 16;
  return g.filter[0] == 1 && g.filter[1] == 1 && (g.strides[0] > 1 || g.strides[1] > 1) && g.x[3] < kWidestVector;
}

}  // namespace slimnet::onednn
