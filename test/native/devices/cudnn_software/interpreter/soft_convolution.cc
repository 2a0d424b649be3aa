// Convolution and its two gradients, as products of matrices whose rows are the windows of some pixels.
#include <algorithm>
#include <vector>

#include "native/devices/cudnn_software/interpreter/soft_product.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

// Pixels whose windows are copied side by side at a time.
constexpr int64_t kPixels = 128;

struct Geometry {
  int64_t images, height, width, channels;        // of x
  int64_t out_height, out_width, out_channels;    // of y
  int64_t rows, columns, group_channels, groups;  // of w
  int64_t top, left;
  int64_t stride_y, stride_x, dilation_y, dilation_x;

  int64_t window() const { return rows * columns * group_channels; }
  int64_t pixels() const { return images * out_height * out_width; }
  int64_t group_outputs() const { return out_channels / groups; }
};

Geometry GeometryOf(const SoftNode& node, const SoftTensor& x, const SoftTensor& w, const SoftTensor& y) {
  if (x.extents.size() != 4 || w.extents.size() != 4 || y.extents.size() != 4) RefuseNode(node, "it is not of images");
  if (node.Text("mode") != "CUDNN_CROSS_CORRELATION") RefuseNode(node, "it mirrors its filter");
  if (node.Number("alpha") != 1 || node.Number("beta") != 0) RefuseNode(node, "it adds to what there is");
  // Padding is one pair, or two where before and after differ.
  const bool even = node.Has("pad");
  const std::vector<int64_t>& before = node.Numbers(even ? "pad" : "pad_lower");
  const std::vector<int64_t>& after = node.Numbers(even ? "pad" : "pad_upper");
  const std::vector<int64_t>& stride = node.Numbers("stride");
  const std::vector<int64_t>& dilation = node.Numbers("dilation");
  const Geometry g = {x.extents[0],
                      x.extents[2],
                      x.extents[3],
                      x.extents[1],
                      y.extents[2],
                      y.extents[3],
                      y.extents[1],
                      w.extents[2],
                      w.extents[3],
                      w.extents[1],
                      x.extents[1] / w.extents[1],
                      before[0],
                      before[1],
                      stride[0],
                      stride[1],
                      dilation[0],
                      dilation[1]};
  const auto fits = [&](int64_t extent, size_t axis, int64_t size, int64_t out) {
    return (extent + before[axis] + after[axis] - dilation[axis] * (size - 1) - 1) / stride[axis] + 1 == out;
  };
  if (g.groups * g.group_channels != g.channels || w.extents[0] != g.out_channels || g.out_channels % g.groups != 0 ||
      y.extents[0] != g.images || !fits(g.height, 0, g.rows, g.out_height) ||
      !fits(g.width, 1, g.columns, g.out_width)) {
    RefuseNode(node, "its extents do not fit one another");
  }
  return g;
}

// Calls visit(place in the window, place in x) for each tap of one pixel that lies within the image; both count
// channels of one group.
template <class F>
void EachTap(const Geometry& g, int64_t pixel, int64_t group, F visit) {
  const int64_t q = pixel % g.out_width, p = pixel / g.out_width % g.out_height;
  const int64_t image = pixel / (g.out_width * g.out_height);
  for (int64_t r = 0; r < g.rows; ++r) {
    const int64_t y = p * g.stride_y - g.top + r * g.dilation_y;
    if (y < 0 || y >= g.height) continue;
    for (int64_t s = 0; s < g.columns; ++s) {
      const int64_t x = q * g.stride_x - g.left + s * g.dilation_x;
      if (x < 0 || x >= g.width) continue;
      visit((r * g.columns + s) * g.group_channels,
            ((image * g.height + y) * g.width + x) * g.channels + group * g.group_channels);
    }
  }
}

// Windows of pixels [begin, begin + count), one a row; zeros outside of the image.
void Gather(const Geometry& g, const double* x, int64_t begin, int64_t count, int64_t group, double* rows) {
  std::fill_n(rows, count * g.window(), 0.0);
  for (int64_t i = 0; i < count; ++i) {
    EachTap(g, begin + i, group,
            [&](int64_t to, int64_t from) { std::copy_n(x + from, g.group_channels, rows + i * g.window() + to); });
  }
}

void ScatterAdd(const Geometry& g, const double* rows, int64_t begin, int64_t count, int64_t group, double* x) {
  for (int64_t i = 0; i < count; ++i) {
    EachTap(g, begin + i, group, [&](int64_t from, int64_t to) {
      const double* const row = rows + i * g.window() + from;
      for (int64_t c = 0; c < g.group_channels; ++c) x[to + c] += row[c];
    });
  }
}

// Columns of a matrix as rows.
std::vector<double> Transposed(const double* from, int64_t rows, int64_t columns, int64_t row_distance) {
  std::vector<double> result(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) result[static_cast<size_t>(j * rows + i)] = from[i * row_distance + j];
  }
  return result;
}

template <class F>
void EachChunk(const Geometry& g, F visit) {
  for (int64_t group = 0; group < g.groups; ++group) {
    for (int64_t begin = 0; begin < g.pixels(); begin += kPixels) {
      visit(group, begin, std::min(kPixels, g.pixels() - begin));
    }
  }
}

void Forward(const Geometry& g, const double* x, const double* w, double* y) {
  std::vector<double> windows(static_cast<size_t>(kPixels * g.window()));
  std::vector<double> filter;
  EachChunk(g, [&](int64_t group, int64_t begin, int64_t count) {
    if (begin == 0) {
      filter = Transposed(w + group * g.group_outputs() * g.window(), g.group_outputs(), g.window(), g.window());
    }
    Gather(g, x, begin, count, group, windows.data());
    AddProduct(count, g.group_outputs(), g.window(), windows.data(), g.window(), filter.data(), g.group_outputs(),
               y + begin * g.out_channels + group * g.group_outputs(), g.out_channels);
  });
}

void BackwardData(const Geometry& g, const double* dy, const double* w, double* dx) {
  std::vector<double> windows;
  EachChunk(g, [&](int64_t group, int64_t begin, int64_t count) {
    windows.assign(static_cast<size_t>(count * g.window()), 0.0);
    AddProduct(count, g.window(), g.group_outputs(), dy + begin * g.out_channels + group * g.group_outputs(),
               g.out_channels, w + group * g.group_outputs() * g.window(), g.window(), windows.data(), g.window());
    ScatterAdd(g, windows.data(), begin, count, group, dx);
  });
}

void BackwardFilter(const Geometry& g, const double* x, const double* dy, double* dw) {
  std::vector<double> windows(static_cast<size_t>(kPixels * g.window()));
  EachChunk(g, [&](int64_t group, int64_t begin, int64_t count) {
    Gather(g, x, begin, count, group, windows.data());
    const std::vector<double> gradient =
        Transposed(dy + begin * g.out_channels + group * g.group_outputs(), count, g.group_outputs(), g.out_channels);
    AddProduct(g.group_outputs(), g.window(), count, gradient.data(), count, windows.data(), g.window(),
               dw + group * g.group_outputs() * g.window(), g.window());
  });
}

}  // namespace

void SoftConvolution(SoftRun& run, const SoftNode& node) {
  const bool data = node.Has("dX"), filter = node.Has("dW");
  const std::string x = data ? "dX" : "X", w = filter ? "dW" : "W", y = data || filter ? "dY" : "Y";
  const Geometry g = GeometryOf(node, run.TensorAt(node, x), run.TensorAt(node, w), run.TensorAt(node, y));
  const std::string& written = data ? x : filter ? w : y;
  SoftValue result = run.New(node, written);
  std::ranges::fill(result.elements, 0.0);
  double* const to = result.elements.data();
  if (data) {
    BackwardData(g, run.In(node, y).elements.data(), run.In(node, w).elements.data(), to);
  } else if (filter) {
    BackwardFilter(g, run.In(node, x).elements.data(), run.In(node, y).elements.data(), to);
  } else {
    Forward(g, run.In(node, x).elements.data(), run.In(node, w).elements.data(), to);
  }
  run.Out(node, written, std::move(result));
}

}  // namespace slimnet::testing
