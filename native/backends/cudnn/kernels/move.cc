#include "backends/cudnn/kernels/move.h"

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

// Calls body(T{}) with a type of so many bytes that registers hold.
template <class Body>
void ForSize(size_t bytes, const Body& body) {
  switch (bytes) {
    case 1:
      return body(uint8_t{});
    case 2:
      return body(uint16_t{});
    case 4:
      return body(uint32_t{});
    case 8:
      return body(uint64_t{});
    default:
      return body(Word{});
  }
}

template <class T>
SLIMNET_BODY T Loaded(const T* at) {
  if constexpr (sizeof(T) == sizeof(Word)) {
    return LoadWord(at);
  } else {
    return *at;
  }
}

template <class T>
SLIMNET_BODY void Put(T* at, const T& value) {
  if constexpr (sizeof(T) == sizeof(Word)) {
    StoreWord(at, value);
  } else {
    *at = value;
  }
}

template <class T>
struct MoveBody {
  const T* x;
  T* y;
  int rank;
  Divider size[kMaxRank];
  int64_t stride[kMaxRank];
  int64_t before[kMaxRank];
  int64_t kept[kMaxRank];

  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t rest = i;
    int64_t source = 0;
    bool inside = true;
    for (int axis = rank - 1; axis >= 0; --axis) {
      int64_t position = rest;
      rest = size[axis].Split(position);
      position -= before[axis];
      inside = inside && position >= 0 && position < kept[axis];
      source += position * stride[axis];
    }
    Put(y + i, inside ? Loaded(x + source) : T{});
  }
};

constexpr int kTile = 32;
constexpr int kTileRows = kThreads / kTile;

// What changes places are two axes: a tile is read along that of the input's neighbours, and written along that of the
// result's, by whole lines of memory both times.
template <class T>
struct TileBody {
  struct Shared {
    T tile[kTile][kTile + 1];
  };

  const T* x;
  T* y;
  int64_t across, down;      // sizes: of the result's last axis, and of that along which the input's neighbours lie
  int64_t x_across, y_down;  // strides of the other tensor along them
  Divider tiles_across, tiles_down;
  int rank;  // of the other axes
  Divider size[kMaxRank];
  int64_t x_stride[kMaxRank], y_stride[kMaxRank];

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    int64_t column = block;
    int64_t row = tiles_across.Split(column);
    int64_t rest = tiles_down.Split(row);
    const T* from = x;
    T* to = y;
    for (int axis = rank - 1; axis >= 0; --axis) {
      int64_t position = rest;
      rest = size[axis].Split(position);
      from += position * x_stride[axis];
      to += position * y_stride[axis];
    }
    const int64_t first_across = column * kTile;
    const int64_t first_down = row * kTile;
    team.Each([&](int thread) {
      const int64_t at_down = first_down + thread % kTile;
      for (int line = thread / kTile; line < kTile; line += kTileRows) {
        const int64_t at_across = first_across + line;
        if (at_across < across && at_down < down) {
          shared.tile[line][thread % kTile] = from[at_across * x_across + at_down];
        }
      }
    });
    team.Each([&](int thread) {
      const int64_t at_across = first_across + thread % kTile;
      for (int line = thread / kTile; line < kTile; line += kTileRows) {
        const int64_t at_down = first_down + line;
        if (at_across < across && at_down < down) {
          to[at_down * y_down + at_across] = shared.tile[thread % kTile][line];
        }
      }
    });
  }
};

template <class T>
struct SelectBody {
  Broadcast from_condition, from_x, from_y;
  const uint8_t* condition;
  const T* x;
  const T* y;
  T* z;
  SLIMNET_BODY void operator()(int64_t i) const {
    z[i] = condition[from_condition(i)] != 0 ? x[from_x(i)] : y[from_y(i)];
  }
};

struct NumberBody {
  int64_t value;
  int64_t* y;
  SLIMNET_BODY void operator()(int64_t) const { *y = value; }
};

}  // namespace

void Movement::Add(const Axis& axis) {
  if (axis.size == 1 && axis.before == 0 && axis.kept >= 1) return;
  if (rank_ > 0) {
    Axis& last = axes_[rank_ - 1];
    const bool whole = axis.before == 0 && axis.kept >= axis.size;
    if (whole && last.stride == axis.stride * axis.size) {
      last = {last.size * axis.size, axis.stride, last.before * axis.size, last.kept * axis.size};
      return;
    }
  }
  axes_[rank_++] = axis;
}

Movement Movement::BroadcastTo(Dims from, Dims to, size_t bytes) {
  Movement m;
  m.bytes_ = bytes;
  const size_t more = to.size() - from.size();
  int64_t behind = CountOf(from);
  for (size_t i = 0; i < to.size(); ++i) {
    const int64_t own = i < more ? 1 : from[i - more];
    if (i >= more && own > 0) behind /= own;
    m.Add({to[i], own == 1 ? 0 : behind, 0, to[i]});
  }
  return m;
}

Movement Movement::Pad(Dims from, Dims pads, size_t bytes) {
  Movement m;
  m.bytes_ = bytes;
  for (size_t i = 0; i < from.size(); ++i) {
    m.Add({from[i] + pads[2 * i] + pads[2 * i + 1], CountOf(from.subspan(i + 1)), pads[2 * i], from[i]});
  }
  return m;
}

Movement Movement::Crop(Dims from, Dims pads, size_t bytes) {
  Movement m;
  m.bytes_ = bytes;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t size = from[i] - pads[2 * i] - pads[2 * i + 1];
    const int64_t stride = CountOf(from.subspan(i + 1));
    m.first_ += pads[2 * i] * stride;
    m.Add({size, stride, 0, size});
  }
  return m;
}

Movement Movement::Transpose(Dims from, Dims perm, size_t bytes) {
  Movement m;
  m.bytes_ = bytes;
  for (const int64_t axis : perm) {
    const int64_t size = from[static_cast<size_t>(axis)];
    m.Add({size, CountOf(from.subspan(static_cast<size_t>(axis) + 1)), 0, size});
  }
  return m;
}

void Move(Queue& queue, const Movement& movement, DevicePtr x_place, DevicePtr y_place) {
  Movement m = movement;
  if (m.rank_ == 0) m.axes_[m.rank_++] = {1, 1, 0, 1};
  int64_t count = 1;
  for (int i = 0; i < m.rank_; ++i) count *= m.axes_[i].size;
  if (count == 0) return;

  // The largest pieces that everything is a multiple of.
  Movement::Axis& last = m.axes_[m.rank_ - 1];
  if (last.stride == 1) {
    const uint64_t places =
        reinterpret_cast<uintptr_t>(queue.Address(x_place)) | reinterpret_cast<uintptr_t>(queue.Address(y_place));
    while (m.bytes_ < sizeof(Word) && places % (2 * m.bytes_) == 0) {
      bool even = m.first_ % 2 == 0 && last.size % 2 == 0 && last.before % 2 == 0 && last.kept % 2 == 0;
      for (int i = 0; i + 1 < m.rank_; ++i) even = even && m.axes_[i].stride % 2 == 0;
      if (!even) break;
      m.bytes_ *= 2;
      m.first_ /= 2;
      last = {last.size / 2, 1, last.before / 2, last.kept / 2};
      for (int i = 0; i + 1 < m.rank_; ++i) m.axes_[i].stride /= 2;
      count /= 2;
    }
  }

  // Of transposes: the axis along which neighbours of the input lie.
  int neighbours = -1;
  bool whole = true;
  for (int i = 0; i < m.rank_; ++i) {
    if (m.axes_[i].stride == 1) neighbours = i;
    whole = whole && m.axes_[i].before == 0 && m.axes_[i].kept >= m.axes_[i].size && m.axes_[i].stride > 0;
  }
  const bool tiles = whole && neighbours >= 0 && neighbours < m.rank_ - 1 && m.bytes_ <= 8;

  ForSize(m.bytes_, [&](auto zero) {
    using T = decltype(zero);
    const T* x = queue.At<T>(x_place) + m.first_;
    T* y = queue.At<T>(y_place);
    if constexpr (sizeof(T) < sizeof(Word)) {
      if (tiles) {
        const int64_t across = last.size;
        const int64_t down = m.axes_[neighbours].size;
        const int64_t tiles_across = (across + kTile - 1) / kTile;
        const int64_t tiles_down = (down + kTile - 1) / kTile;
        TileBody<T> body{.x = x,
                         .y = y,
                         .across = across,
                         .down = down,
                         .x_across = last.stride,
                         .y_down = 0,
                         .tiles_across = Divider(tiles_across),
                         .tiles_down = Divider(tiles_down),
                         .rank = 0,
                         .size = {},
                         .x_stride = {},
                         .y_stride = {}};
        int64_t others = 1;
        for (int i = 0; i < m.rank_ - 1; ++i) {
          int64_t y_stride = 1;
          for (int j = i + 1; j < m.rank_; ++j) y_stride *= m.axes_[j].size;
          if (i == neighbours) {
            body.y_down = y_stride;
            continue;
          }
          others *= m.axes_[i].size;
          body.size[body.rank] = Divider(m.axes_[i].size);
          body.x_stride[body.rank] = m.axes_[i].stride;
          body.y_stride[body.rank++] = y_stride;
        }
        Blocks(queue, "Transpose", others * tiles_across * tiles_down, body);
        return;
      }
    }
    MoveBody<T> body{x, y, m.rank_, {}, {}, {}, {}};
    for (int i = 0; i < m.rank_; ++i) {
      body.size[i] = Divider(m.axes_[i].size);
      body.stride[i] = m.axes_[i].stride;
      body.before[i] = m.axes_[i].before;
      body.kept[i] = m.axes_[i].kept;
    }
    Each(queue, "Move", count, body);
  });
}

void Select(Queue& queue, const SelectShape& shape, DevicePtr condition, DevicePtr x, DevicePtr y, DevicePtr z) {
  ForSize(shape.bytes, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (sizeof(T) < sizeof(Word)) {
      Each(queue, "Select", shape.count,
           SelectBody<T>{shape.condition, shape.x, shape.y, queue.At<uint8_t>(condition), queue.At<T>(x),
                         queue.At<T>(y), queue.At<T>(z)});
    }
  });
}

void StoreNumber(Queue& queue, int64_t value, DevicePtr y) {
  Each(queue, "StoreNumber", 1, NumberBody{value, queue.At<int64_t>(y)});
}

}  // namespace slimnet::cudnn
