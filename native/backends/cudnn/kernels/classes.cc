#include "backends/cudnn/kernels/classes.h"

#include "backends/cudnn/kernels/wide.h"

namespace slimnet::cudnn {
namespace {

struct OneHotBody {
  IndexView indices;
  Divider depth;
  float on, off;
  float* y;
  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t column = i;
    const int64_t row = depth.Split(column);
    y[i] = indices(row) == column ? on : off;
  }
};

// One block looks through all elements, so that the value can follow the index.
struct CheckIndicesBody {
  struct Shared {
    char nothing;
  };

  IndexView indices;
  int64_t count;
  int64_t size;   // what is below it is an index
  int64_t first;  // of the elements in the complaint
  uint64_t step;
  Complaint* complaint;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t, Shared&) const {
    const auto each = [&](int thread, const auto& work) {
      for (int64_t i = thread; i < count; i += kThreads) {
        const int64_t index = indices(i);
        if (index < 0 || index >= size) work(Complaint::Key(step, static_cast<uint64_t>(first + i)), index);
      }
    };
    team.Each([&](int thread) { each(thread, [&](uint64_t key, int64_t) { StoreSmallest(&complaint->key, key); }); });
    team.Each([&](int thread) {
      each(thread, [&](uint64_t key, int64_t index) {
        if (complaint->key == key) complaint->value = index;
      });
    });
  }
};

struct PickBody {
  IndexView indices;
  int64_t length;
  const float* x;
  float* y;
  SLIMNET_BODY void operator()(int64_t row) const {
    const int64_t index = indices(row);
    y[row] = index >= 0 && index < length ? x[row * length + index] : 0.0F;
  }
};

template <class Float>
struct ZeroBody {
  Float* y;
  SLIMNET_BODY void operator()(int64_t i) const { y[i] = 0; }
};

template <class Float>
struct Counted {
  IndexView labels, predictions;
  int64_t count, classes;
  const Float* weights;
  Float* y;

  // Where element i is counted, or -1.
  SLIMNET_BODY int64_t Cell(int64_t i) const {
    const int64_t label = labels(i);
    const int64_t prediction = predictions(i);
    if (label < 0 || label >= classes || prediction < 0 || prediction >= classes) return -1;
    return label * classes + prediction;
  }
  SLIMNET_BODY Float SumOf(int64_t cell, int64_t first) const {
    Float sum = 0;
    for (int64_t i = first; i < count; ++i) {
      if (Cell(i) == cell) sum += weights[i];
    }
    return sum;
  }
};

// Few elements: the first of a cell adds those behind it.
template <class Float>
struct CountByElement {
  Counted<Float> counted;
  SLIMNET_BODY void operator()(int64_t i) const {
    const int64_t cell = counted.Cell(i);
    if (cell < 0) return;
    for (int64_t j = 0; j < i; ++j) {
      if (counted.Cell(j) == cell) return;
    }
    counted.y[cell] = counted.SumOf(cell, i);
  }
};

// Few cells.
template <class Float>
struct CountByCell {
  Counted<Float> counted;
  SLIMNET_BODY void operator()(int64_t cell) const { counted.y[cell] = counted.SumOf(cell, 0); }
};

struct CheckNumericsBody {
  const float* x;
  float* y;
  uint64_t step;
  Complaint* complaint;
  SLIMNET_BODY void operator()(int64_t i) const {
    const float value = x[i];
    if (y != x) y[i] = value;
    if (value - value == 0) return;
    const int64_t found = value != value ? kFoundNan : kFoundInfinity;
    StoreSmallest(&complaint->key, Complaint::Key(step, static_cast<uint64_t>(found)));
  }
};

void CheckIndices(Queue& queue, uint64_t step, const IndexView& indices, int64_t count, int64_t size, int64_t first) {
  if (count == 0) return;
  Blocks(queue, "CheckIndices", 1, CheckIndicesBody{indices, count, size, first, step, queue.complaint()});
}

}  // namespace

void OneHot(Queue& queue, const Elements& indices, int64_t count, int64_t depth, float on, float off, DevicePtr y) {
  if (depth == 0) return;
  Each(queue, "OneHot", count * depth,
       OneHotBody{IndexView(queue.Address(indices.data), indices.dtype), Divider(depth), on, off, queue.At<float>(y)});
}

void Pick(Queue& queue, uint64_t step, Rows rows, DevicePtr x, const Elements& index, DevicePtr y) {
  const IndexView indices(queue.Address(index.data), index.dtype);
  CheckIndices(queue, step, indices, rows.count, rows.length, 0);
  Each(queue, "Pick", rows.count, PickBody{indices, rows.length, queue.At<float>(x), queue.At<float>(y)});
}

void ConfusionMatrix(Queue& queue, uint64_t step, int64_t count, int64_t classes, const Elements& labels,
                     const Elements& predictions, const Elements& weights, DevicePtr y) {
  const IndexView label(queue.Address(labels.data), labels.dtype);
  const IndexView prediction(queue.Address(predictions.data), predictions.dtype);
  CheckIndices(queue, step, label, count, classes, 0);
  CheckIndices(queue, step, prediction, count, classes, count);
  const auto run = [&]<class Float>(Float) {
    const Counted<Float> counted{label, prediction, count, classes, queue.At<Float>(weights.data), queue.At<Float>(y)};
    if (count <= classes * classes) {
      Each(queue, "ConfusionMatrix", classes * classes, ZeroBody<Float>{counted.y});
      Each(queue, "ConfusionMatrix", count, CountByElement<Float>{counted});
    } else {
      Each(queue, "ConfusionMatrix", classes * classes, CountByCell<Float>{counted});
    }
  };
  weights.dtype == DType::kFloat64 ? run(double{}) : run(float{});
}

void CheckNumerics(Queue& queue, uint64_t step, DevicePtr x, DevicePtr y, int64_t count) {
  Each(queue, "CheckNumerics", count,
       CheckNumericsBody{queue.At<float>(x), queue.At<float>(y), step, queue.complaint()});
}

}  // namespace slimnet::cudnn
