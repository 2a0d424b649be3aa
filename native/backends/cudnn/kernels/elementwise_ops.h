// The elementwise functions of float32 numbers: one line each, the name and the value. `x` and `y` are float, `p` is a
// number that the op has as an attribute. What stands in double are functions of a few elements, of schedules and
// norms, rounded once, as on the host.
#pragma once

#define SLIMNET_CUDNN_UNARY(X)                            \
  X(Identity, x)                                          \
  X(Abs, fabsf(x))                                        \
  X(Cos, static_cast<float>(cos(static_cast<double>(x)))) \
  X(Elu, x < 0 ? expm1f(x) : x)                           \
  X(Exp, expf(x))                                         \
  X(Floor, floorf(x))                                     \
  X(Log, logf(x))                                         \
  X(Log1p, log1pf(x))                                     \
  X(Relu, Relu(x))                                        \
  X(Relu6, Relu6(x))                                      \
  X(Rsqrt, 1 / sqrtf(x))                                  \
  X(Sigmoid, 1 / (1 + expf(-x)))                          \
  X(Sqrt, sqrtf(x))

// NaN compares false with everything, so both operands of minimum and maximum are asked for it.
#define SLIMNET_CUDNN_BINARY(X)                                                   \
  X(Add, x + y)                                                                   \
  X(Sub, x - y)                                                                   \
  X(Mul, x* y)                                                                    \
  X(Div, x / y)                                                                   \
  X(DivNoNan, y == 0 ? 0 : x / y)                                                 \
  X(Maximum, x >= y || x != x ? x : y)                                            \
  X(Minimum, x <= y || x != x ? x : y)                                            \
  X(Pow, static_cast<float>(pow(static_cast<double>(x), static_cast<double>(y)))) \
  X(ReluBackward, x > 0 && !(x >= p) ? y : 0)
