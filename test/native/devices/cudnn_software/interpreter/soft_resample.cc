// Pooling and its gradients. What an index says is cuDNN's own business; here it is the place within the window.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

class Windows {
 public:
  Windows(const SoftNode& node, const std::vector<int64_t>& x, const std::vector<int64_t>& y)
      : x_(x),
        y_(y),
        size_(node.Numbers("windowDim")),
        stride_(node.Numbers("stride")),
        before_(node.Numbers("prePad")) {
    if (x.size() != 4 || y.size() != 4 || x[0] != y[0] || x[1] != y[1]) RefuseNode(node, "it is not of images");
    const std::vector<int64_t>& after = node.Numbers("postPad");
    for (size_t axis = 0; axis < 2; ++axis) {
      if ((x[axis + 2] + before_[axis] + after[axis] - size_[axis]) / stride_[axis] + 1 != y[axis + 2]) {
        RefuseNode(node, "its extents do not fit one another");
      }
    }
    if (node.Number("alpha") != 1 || node.Number("beta") != 0) RefuseNode(node, "it adds to what there is");
  }

  int64_t positions() const { return size_[0] * size_[1]; }

  // Calls visit(first channel of a pixel of y, first channels of its taps in x, their places in the window).
  template <class F>
  void EachPixel(F visit) const {
    std::vector<int64_t> taps, places;
    for (int64_t pixel = 0; pixel < y_[0] * y_[2] * y_[3]; ++pixel) {
      const int64_t q = pixel % y_[3], p = pixel / y_[3] % y_[2], image = pixel / (y_[3] * y_[2]);
      taps.clear();
      places.clear();
      for (int64_t r = 0; r < size_[0]; ++r) {
        const int64_t row = p * stride_[0] - before_[0] + r;
        for (int64_t s = 0; s < size_[1]; ++s) {
          const int64_t column = q * stride_[1] - before_[1] + s;
          if (row < 0 || row >= x_[2] || column < 0 || column >= x_[3]) continue;
          taps.push_back(((image * x_[2] + row) * x_[3] + column) * x_[1]);
          places.push_back(r * size_[1] + s);
        }
      }
      visit(pixel * y_[1], taps, places);
    }
  }

 private:
  const std::vector<int64_t>&x_, &y_, &size_, &stride_, &before_;
};

struct Largest {
  double value = -std::numeric_limits<double>::infinity();
  int64_t place = 0;
};

// The first of the largest. NaN is larger than all where the operation hands it on, and is left out elsewhere.
Largest LargestOf(const SoftValue& x, int64_t channel, const std::vector<int64_t>& taps,
                  const std::vector<int64_t>& places, bool hands_on_nan) {
  Largest largest;
  bool any = false;
  for (size_t i = 0; i < taps.size(); ++i) {
    const double value = x.elements[static_cast<size_t>(taps[i] + channel)];
    if (std::isnan(value) ? hands_on_nan && !std::isnan(largest.value) : !any || value > largest.value) {
      largest = {value, places[i]};
      any = true;
    }
  }
  return largest;
}

void PoolForward(SoftRun& run, const SoftNode& node, const std::string& mode) {
  const SoftValue& x = run.In(node, "X");
  SoftValue y = run.New(node, "Y");
  const bool has_index = node.Has("Idx");
  SoftValue index = has_index ? run.New(node, "Idx") : SoftValue();
  const bool nan = node.Text("nanOpt") == "CUDNN_PROPAGATE_NAN";
  const Windows windows(node, x.extents, y.extents);
  windows.EachPixel([&](int64_t pixel, const std::vector<int64_t>& taps, const std::vector<int64_t>& places) {
    const int64_t share = mode == "AVGPOOL_EXCLUDE_PADDING" ? static_cast<int64_t>(taps.size()) : windows.positions();
    for (int64_t c = 0; c < y.extents[1]; ++c) {
      const auto at = static_cast<size_t>(pixel + c);
      if (mode == "MAXPOOL") {
        const Largest largest = LargestOf(x, c, taps, places, nan);
        y.elements[at] = largest.value;
        if (has_index) index.elements[at] = static_cast<double>(largest.place);
        continue;
      }
      double sum = 0;
      for (const int64_t tap : taps) sum += x.elements[static_cast<size_t>(tap + c)];
      y.elements[at] = sum / static_cast<double>(share);
    }
  });
  run.Out(node, "Y", std::move(y));
  if (has_index) run.Out(node, "Idx", std::move(index));
}

void PoolBackward(SoftRun& run, const SoftNode& node, const std::string& mode) {
  const SoftValue& dy = run.In(node, "dY");
  const SoftValue* const index = mode == "MAXPOOL" ? &run.In(node, "Idx") : nullptr;
  SoftValue dx = run.New(node, "dX");
  for (double& element : dx.elements) element = 0;
  const Windows windows(node, dx.extents, dy.extents);
  windows.EachPixel([&](int64_t pixel, const std::vector<int64_t>& taps, const std::vector<int64_t>& places) {
    const int64_t share = mode == "AVGPOOL_EXCLUDE_PADDING" ? static_cast<int64_t>(taps.size()) : windows.positions();
    for (int64_t c = 0; c < dy.extents[1]; ++c) {
      const auto at = static_cast<size_t>(pixel + c);
      const double gradient = dy.elements[at];
      for (size_t i = 0; i < taps.size(); ++i) {
        double& to = dx.elements[static_cast<size_t>(taps[i] + c)];
        if (index == nullptr) {
          to += gradient / static_cast<double>(share);
        } else if (static_cast<double>(places[i]) == index->elements[at]) {
          to += gradient;
        }
      }
    }
  });
  run.Out(node, "dX", std::move(dx));
}

}  // namespace

void SoftResample(SoftRun& run, const SoftNode& node) {
  const std::string mode = node.Text("mode", "CUDNN_RESAMPLE_");
  if (mode != "MAXPOOL" && mode != "AVGPOOL_EXCLUDE_PADDING" && mode != "AVGPOOL_INCLUDE_PADDING" &&
      mode != "AVGPOOL") {
    RefuseNode(node, "there is no mode " + mode + " here");
  }
  if (node.Has("dX")) {
    PoolBackward(run, node, mode);
  } else {
    PoolForward(run, node, mode);
  }
}

}  // namespace slimnet::testing
