// Ops that treat each element alone, in float32.
#pragma once

#include "backends/cudnn/kernels/elementwise_ops.h"
#include "backends/cudnn/kernels/operand.h"

namespace slimnet::cudnn {

#define SLIMNET_NAME(Name, value) k##Name,
// GCC takes the names for shadows of the ops' entries, which are outside of the enumeration.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class Unary : uint8_t { SLIMNET_CUDNN_UNARY(SLIMNET_NAME) };
enum class Binary : uint8_t { SLIMNET_CUDNN_BINARY(SLIMNET_NAME) };
#pragma GCC diagnostic pop
#undef SLIMNET_NAME

// y = op(x). kIdentity between two ways of storing is a reorder. y may be x where both are stored alike.
void Compute(Queue& queue, Unary op, const Floats& x, const Floats& y, int64_t count);

// What a binary op is made of, beside its memory.
struct BinaryShape {
  BinaryShape(Dims x_dims, Dims y_dims, Dims z_dims) : x(x_dims, z_dims), y(y_dims, z_dims), count(CountOf(z_dims)) {}

  Broadcast x;
  Broadcast y;
  int64_t count;
};

// z = op(x, y) with broadcasting, then the absorbed ops, which kAdd alone takes. `parameter`: of kReluBackward, the
// limit; NaN: none.
void Compute(Queue& queue, Binary op, const BinaryShape& shape, const Floats& x, const Floats& y, const Floats& z,
             std::span<const TailOp> ops = {}, float parameter = 0);

}  // namespace slimnet::cudnn
