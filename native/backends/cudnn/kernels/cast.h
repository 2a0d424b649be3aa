// Ops on elements of any dtype.
#pragma once

#include "backends/cudnn/kernels/broadcast.h"
#include "base/dtype.h"

namespace slimnet::cudnn {

// Elements of one dtype in memory.
struct Elements {
  DevicePtr data;
  DType dtype = DType::kFloat32;
};

// y = x in another dtype: towards zero, to the nearest end of the range, NaN to 0; integers keep their low bits.
void Cast(Queue& queue, const Elements& x, const Elements& y, int64_t count);

// GCC takes the names for shadows of the ops' entries, which are outside of the enumeration.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class Comparison : uint8_t { kEqual, kNotEqual, kLess };
#pragma GCC diagnostic pop

// z = x ? y, with broadcasting; z is bool. x and y have one dtype.
void Compare(Queue& queue, Comparison comparison, Dims x_dims, Dims y_dims, Dims z_dims, const Elements& x,
             const Elements& y, DevicePtr z);

// z = x + y of one dtype; integers over the largest one begin anew. z may be x.
void AddNumbers(Queue& queue, const Elements& x, const Elements& y, DevicePtr z, int64_t count);

}  // namespace slimnet::cudnn
