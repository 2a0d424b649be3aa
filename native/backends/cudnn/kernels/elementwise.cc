#include "backends/cudnn/kernels/elementwise.h"

#include <cmath>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

template <class Function>
struct UnaryBody {
  FloatView x;
  FloatView y;

  SLIMNET_BODY void One(int64_t i) const { y.Store(i, Function::Of(x.Load(i))); }
  SLIMNET_BODY void Octet(int64_t i) const {
    float value[kOctet];
    x.LoadOctet(i, value);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) value[k] = Function::Of(value[k]);
    y.StoreOctet(i, value);
  }
};

template <class Function, class AnyTail>
struct BinaryBody {
  Operand x;
  Operand y;
  FloatView z;
  AnyTail tail;
  float parameter;

  bool by_octets() const { return x.by_octets() && y.by_octets() && z.aligned() && tail.by_octets(); }

  SLIMNET_BODY void One(int64_t i) const { z.Store(i, tail.Apply(i, Function::Of(x.Load(i), y.Load(i), parameter))); }
  SLIMNET_BODY void Octet(int64_t i) const {
    float left[kOctet];
    float right[kOctet];
    x.LoadOctet(i, left);
    y.LoadOctet(i, right);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) left[k] = Function::Of(left[k], right[k], parameter);
    tail.ApplyOctet(i, left);
    z.StoreOctet(i, left);
  }
};

#define SLIMNET_UNARY(Name, value)                          \
  struct Unary##Name {                                      \
    SLIMNET_BODY static float Of(float x) { return value; } \
  };
SLIMNET_CUDNN_UNARY(SLIMNET_UNARY)
#undef SLIMNET_UNARY

#define SLIMNET_BINARY(Name, value)                                                            \
  struct Binary##Name {                                                                        \
    SLIMNET_BODY static float Of(float x, float y, [[maybe_unused]] float p) { return value; } \
  };
SLIMNET_CUDNN_BINARY(SLIMNET_BINARY)
#undef SLIMNET_BINARY

}  // namespace

void Compute(Queue& queue, Unary op, const Floats& x, const Floats& y, int64_t count) {
  const auto run = [&](auto function, const char* name) {
    const UnaryBody<decltype(function)> body{FloatView(queue, x), FloatView(queue, y)};
    EachOctet(queue, name, count, body.x.aligned() && body.y.aligned(), body);
  };
  switch (op) {
#define SLIMNET_CASE(Name, value) \
  case Unary::k##Name:            \
    return run(Unary##Name{}, #Name);
    SLIMNET_CUDNN_UNARY(SLIMNET_CASE)
#undef SLIMNET_CASE
  }
}

void Compute(Queue& queue, Binary op, const BinaryShape& shape, const Floats& x, const Floats& y, const Floats& z,
             std::span<const TailOp> ops, float parameter) {
  const auto run = [&](auto function, auto tail, const char* name) {
    const BinaryBody<decltype(function), decltype(tail)> body{Operand(queue, x, shape.x), Operand(queue, y, shape.y),
                                                              FloatView(queue, z), tail, parameter};
    EachOctet(queue, name, shape.count, body.by_octets(), body);
  };
  if (op == Binary::kAdd && !ops.empty()) return run(BinaryAdd{}, Tail(queue, ops), "AddAndTail");
  if (!ops.empty()) throw Error(ErrorCode::kInternal, "Only a sum absorbs ops.");
  switch (op) {
#define SLIMNET_CASE(Name, value) \
  case Binary::k##Name:           \
    return run(Binary##Name{}, NoTail{}, #Name);
    SLIMNET_CUDNN_BINARY(SLIMNET_CASE)
#undef SLIMNET_CASE
  }
}

}  // namespace slimnet::cudnn
