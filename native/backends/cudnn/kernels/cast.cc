#include "backends/cudnn/kernels/cast.h"

#include "backends/cudnn/kernels/wide.h"

namespace slimnet::cudnn {
namespace {

template <class Wide>
struct CastBody {
  const std::byte* x;
  std::byte* y;
  DType from, to;
  SLIMNET_BODY void operator()(int64_t i) const { StoreWide(y, to, i, LoadWide<Wide>(x, from, i)); }
};

template <class Wide>
struct CompareBody {
  Broadcast from_x, from_y;
  const std::byte* x;
  const std::byte* y;
  uint8_t* z;
  DType dtype;
  Comparison comparison;

  SLIMNET_BODY void operator()(int64_t i) const {
    const Wide a = LoadWide<Wide>(x, dtype, from_x(i));
    const Wide b = LoadWide<Wide>(y, dtype, from_y(i));
    const bool holds = comparison == Comparison::kEqual ? a == b : comparison == Comparison::kLess ? a < b : a != b;
    z[i] = holds ? 1 : 0;
  }
};

template <class Wide>
struct AddBody {
  const std::byte* x;
  const std::byte* y;
  std::byte* z;
  DType dtype;
  SLIMNET_BODY void operator()(int64_t i) const {
    const Wide a = LoadWide<Wide>(x, dtype, i);
    const Wide b = LoadWide<Wide>(y, dtype, i);
    if constexpr (std::is_same_v<Wide, int64_t>) {
      StoreWide(z, dtype, i, static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)));
    } else {
      StoreWide(z, dtype, i, a + b);
    }
  }
};

}  // namespace

void Cast(Queue& queue, const Elements& x, const Elements& y, int64_t count) {
  ForWide(x.dtype, [&](auto zero) {
    Each(queue, "Cast", count,
         CastBody<decltype(zero)>{queue.Address(x.data), queue.Address(y.data), x.dtype, y.dtype});
  });
}

void Compare(Queue& queue, Comparison comparison, Dims x_dims, Dims y_dims, Dims z_dims, const Elements& x,
             const Elements& y, DevicePtr z) {
  ForWide(x.dtype, [&](auto zero) {
    Each(queue, "Compare", CountOf(z_dims),
         CompareBody<decltype(zero)>{Broadcast(x_dims, z_dims), Broadcast(y_dims, z_dims), queue.Address(x.data),
                                     queue.Address(y.data), queue.At<uint8_t>(z), x.dtype, comparison});
  });
}

void AddNumbers(Queue& queue, const Elements& x, const Elements& y, DevicePtr z, int64_t count) {
  ForWide(x.dtype, [&](auto zero) {
    Each(queue, "AddNumbers", count,
         AddBody<decltype(zero)>{queue.Address(x.data), queue.Address(y.data), queue.Address(z), x.dtype});
  });
}

}  // namespace slimnet::cudnn
